import { EventEmitter } from 'node:events'
import { type EventSource, eventTrace } from '@lookaside/testing'
import { expect, test } from 'vitest'

type SampleEvent =
  | { readonly type: 'hit'; readonly key: string; readonly tier: 'local' | 'remote'; readonly stale: boolean }
  | { readonly type: 'load'; readonly key: string; readonly duration: number }
  | { readonly type: 'load-error'; readonly key: string; readonly error: unknown }
  | { readonly type: 'breaker'; readonly state?: string | undefined }

function sampleSource(): EventSource<SampleEvent> & { emit(event: SampleEvent): void; listeners(): number } {
  const emitter = new EventEmitter()
  return {
    on(listener) {
      emitter.on('event', listener)
      return () => void emitter.off('event', listener)
    },
    emit: event => void emitter.emit('event', event),
    listeners: () => emitter.listenerCount('event'),
  }
}

test('a trace collects the events of its source in order', () => {
  const source = sampleSource()
  const trace = eventTrace(source)
  const load: SampleEvent = { type: 'load', key: 'a', duration: 3 }
  const hit: SampleEvent = { type: 'hit', key: 'a', tier: 'local', stale: false }
  source.emit(load)
  source.emit(hit)
  expect(trace.events).toEqual([load, hit])
  expect(trace.types()).toEqual(['load', 'hit'])
})

test('a trace shows an event as one line, with the fields asked for that it has', () => {
  const source = sampleSource()
  const trace = eventTrace(source)
  source.emit({ type: 'load', key: 'a', duration: 3 })
  source.emit({ type: 'hit', key: 'a', tier: 'remote', stale: true })
  source.emit({ type: 'load-error', key: 'b', error: null })
  source.emit({ type: 'breaker', state: undefined })
  expect(trace.lines()).toEqual(['load', 'hit', 'load-error', 'breaker'])
  expect(trace.lines('tier', 'stale', 'key', 'state', 'error')).toEqual([
    'load key=a',
    'hit tier=remote stale=true key=a',
    'load-error key=b error=null',
    'breaker',
  ])
})

test('a stopped trace listens no longer and keeps what it has', () => {
  const source = sampleSource()
  const trace = eventTrace(source)
  source.emit({ type: 'load', key: 'a', duration: 3 })
  trace.stop()
  source.emit({ type: 'load', key: 'b', duration: 3 })
  expect(source.listeners()).toBe(0)
  expect(trace.lines('key')).toEqual(['load key=a'])
})

test('a trace may be emptied between two parts of a test', () => {
  const source = sampleSource()
  const trace = eventTrace(source)
  source.emit({ type: 'load', key: 'a', duration: 3 })
  trace.events.length = 0
  source.emit({ type: 'load', key: 'b', duration: 3 })
  expect(trace.lines('key')).toEqual(['load key=b'])
})
