import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpServer } from '../src/http.js'
import type { CityService } from '../src/service.js'

const never = () => Promise.reject(new Error('bad input has reached the service'))
const service: CityService = {
  city: never,
  country: never,
  nearest: never,
  search: never,
  setPopulation: never,
}
const server = httpServer(service, () => ({}))
let url: string

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
})

test.each([
  ['/nearest?lon=1', 'lat must be a number from -90 to 90, received nothing'],
  ['/nearest?lat=91&lon=1', 'lat must be a number from -90 to 90, received "91"'],
  ['/nearest?lat=1&lon=east', 'lon must be a number from -180 to 180, received "east"'],
  ['/nearest?lat=1&lon=1&n=0', 'n must be a whole number from 1 to 50, received "0"'],
  ['/nearest?lat=1&lon=1&n=2.5', 'n must be a whole number from 1 to 50, received "2.5"'],
  ['/search', "q must be 2 to 100 characters of a city's name, received nothing"],
  ['/search?q=%20a%20', 'q must be 2 to 100 characters of a city\'s name, received " a "'],
  ['/countries/ISL', 'a country is named by its two letters, such as IS, received "ISL"'],
  ['/cities/0', 'id must be a whole number from 1 to 2147483647, received "0"'],
  ['/cities/Paris', 'id must be a whole number from 1 to 2147483647, received "Paris"'],
  ['/cities/%zz', 'the path is not valid percent-encoding: %zz'],
])('GET %s is refused with what was expected and what came', async (path, error) => {
  const response = await fetch(url + path)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error })
})

test.each([
  [400, '', 'the body must be JSON such as {"population": 123}, received ""'],
  [400, '{"population":', 'the body must be JSON such as {"population": 123}, received "{\\"population\\":"'],
  [400, '[1]', 'the body must be {"population": <number>}, received [1]'],
  [400, '{}', 'the body must be {"population": <number>}, received {}'],
  [400, '{"population":"5"}', 'population must be a whole number from 0 to 1000000000, received "5"'],
  [400, '{"population":-1}', 'population must be a whole number from 0 to 1000000000, received -1'],
  [400, '{"population":1,"name":"X"}', 'only population can be changed, received "name" as well'],
  [413, ' '.repeat(2_000), 'the body must be at most 1024 bytes'],
])('a PUT is refused with %i for the body %j', async (status, body, error) => {
  const response = await fetch(`${url}/cities/1`, { method: 'PUT', body })
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error })
})

test('an unknown path names the known ones', async () => {
  const response = await fetch(`${url}/capitals`)
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({
    error: 'no such path: /capitals; try /nearest, /countries/IS, /search, /cities/:id, /stats',
  })
})

test('a method that a path does not have names those it has', async () => {
  const response = await fetch(`${url}/cities/1`, { method: 'DELETE' })
  expect(response.status).toBe(405)
  expect(await response.json()).toEqual({ error: '/cities/1 answers GET and PUT' })
})
