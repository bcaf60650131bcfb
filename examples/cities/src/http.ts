import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { countryCode, HttpError, numberFrom, populationFrom, searchText } from './input.js'
import type { CityService } from './service.js'

interface Call {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  /** What the route's path leaves open. */
  readonly rest: string
}

interface Route {
  readonly method: 'GET' | 'PUT'
  readonly path: RegExp
  answer(call: Call): Promise<unknown>
}

/** The service over HTTP: JSON in, JSON out, errors as `{ "error": message }`. `stats` answers `GET /stats`. */
export function httpServer(service: CityService, stats: () => unknown): Server {
  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: /^\/nearest$/,
      answer: ({ query }) =>
        service.nearest(
          numberFrom(query.get('lat'), 'lat', { min: -90, max: 90 }),
          numberFrom(query.get('lon'), 'lon', { min: -180, max: 180 }),
          numberFrom(query.get('n') ?? '5', 'n', { min: 1, max: 50, integer: true }),
        ),
    },
    {
      method: 'GET',
      path: /^\/countries\/([^/]+)$/,
      answer: async ({ rest }) =>
        found(await service.country(countryCode(rest)), `no city is in country ${rest.toUpperCase()}`),
    },
    {
      method: 'GET',
      path: /^\/search$/,
      answer: ({ query }) => service.search(searchText(query.get('q'))),
    },
    {
      method: 'GET',
      path: /^\/cities\/([^/]+)$/,
      answer: async ({ rest }) => found(await service.city(cityId(rest)), `no city has the id ${rest}`),
    },
    {
      method: 'PUT',
      path: /^\/cities\/([^/]+)$/,
      answer: async ({ rest, request }) =>
        found(
          await service.setPopulation(cityId(rest), await populationFrom(request)),
          `no city has the id ${rest}`,
        ),
    },
    { method: 'GET', path: /^\/stats$/, answer: async () => stats() },
  ]

  return createServer(async (request, response) => {
    const start = performance.now()
    try {
      send(response, 200, await answer(routes, request), start)
    } catch (error) {
      if (error instanceof HttpError) return send(response, error.status, { error: error.message }, start)
      console.error(error)
      send(response, 500, { error: 'the request failed here; the log says why' }, start)
    }
  })
}

function answer(routes: readonly Route[], request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams: query } = addressed(request)
  const here = routes.filter(({ path }) => path.test(pathname))
  if (here.length === 0) {
    throw new HttpError(
      404,
      `no such path: ${pathname}; try /nearest, /countries/IS, /search, /cities/:id, /stats`,
    )
  }
  const route = here.find(({ method }) => method === request.method)
  if (route === undefined) {
    throw new HttpError(405, `${pathname} answers ${here.map(({ method }) => method).join(' and ')}`)
  }
  return route.answer({ request, query, rest: decoded(route.path.exec(pathname)?.[1] ?? '') })
}

function addressed(request: IncomingMessage): URL {
  try {
    return new URL(`http://service${request.url}`)
  } catch {
    throw new HttpError(400, `not a path: ${request.url}`)
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new HttpError(400, `the path is not valid percent-encoding: ${segment}`)
  }
}

function cityId(text: string): number {
  return numberFrom(text, 'id', { min: 1, max: 2 ** 31 - 1, integer: true })
}

function found<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new HttpError(404, message)
  return value
}

function send(response: ServerResponse, status: number, body: unknown, start: number): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'server-timing': `service;dur=${(performance.now() - start).toFixed(2)}`,
  })
  response.end(`${JSON.stringify(body)}\n`)
}
