<?php

// Shares keys with a lookaside cache, from PHP: php php.php URL read|write
// Sockets instead of the extensions redis and memcached, so that it runs anywhere.

declare(strict_types=1);

const USER = 'polyglot:users::1';
const GREETING = 'polyglot:texts::greeting';
const VISITS = 'polyglot::visits';
const REPORT = 'polyglot::report';

function read($stream, int $length): string
{
    // With the line break that follows.
    return substr(stream_get_contents($stream, $length + 2), 0, $length);
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/ */
final class RedisCache
{
    public function __construct(private $stream) {}

    private function call(string|int ...$words): ?string
    {
        $parts = array_map(fn ($word) => '$' . strlen((string) $word) . "\r\n$word\r\n", $words);
        fwrite($this->stream, '*' . count($parts) . "\r\n" . implode('', $parts));
        $line = rtrim(fgets($this->stream));
        $rest = substr($line, 1);
        return match ($line[0]) {
            '-' => exit("$rest\n"),
            '$' => $rest === '-1' ? null : read($this->stream, (int) $rest),
            default => $rest,
        };
    }

    public function get(string $key): ?string { return $this->call('GET', $key); }
    public function set(string $key, string $text): void { $this->call('SET', $key, $text, 'EX', 60); }
    public function delete(string $key): void { $this->call('DEL', $key); }
    public function increment(string $key, int $by): void { $this->call('INCRBY', $key, $by); }
}

/** https://github.com/memcached/memcached/blob/master/doc/protocol.txt */
final class MemcachedCache
{
    private const JSON = 6; // the flags of the extension's JSON serializer; a string has 0

    public function __construct(private $stream) {}

    private function call(string $command): array
    {
        fwrite($this->stream, "$command\r\n");
        return explode(' ', rtrim(fgets($this->stream)));
    }

    public function get(string $key): ?string
    {
        $head = $this->call("get $key");
        if ($head[0] === 'END') return null;
        $value = read($this->stream, (int) $head[3]);
        fgets($this->stream);
        return $value;
    }

    public function set(string $key, string $json): void
    {
        $this->call("set $key " . self::JSON . ' 60 ' . strlen($json) . "\r\n$json");
    }

    public function delete(string $key): void { $this->call("delete $key"); }
    public function increment(string $key, int $by): void { $this->call("incr $key $by"); }
}

[, $url, $verb] = $argv;
['scheme' => $scheme, 'host' => $host, 'port' => $port] = parse_url($url);
$stream = stream_socket_client("tcp://$host:$port");
$cache = $scheme === 'redis' ? new RedisCache($stream) : new MemcachedCache($stream);
if ($verb === 'read') {
    $user = json_decode($cache->get(USER));
    echo "user 1: $user->name, speaks ", implode(' and ', $user->languages), "\n";
    echo 'greeting: ', $cache->get(GREETING), "\n";
    echo 'visits: ', (int) $cache->get(VISITS), "\n";
} else {
    $user = ['id' => 1, 'name' => 'Grace', 'languages' => ['COBOL', 'français']];
    $cache->set(USER, json_encode($user));
    $cache->increment(VISITS, 2);
    $cache->delete(GREETING);
    $cache->delete(REPORT);
}
