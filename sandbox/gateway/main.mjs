// The address that Supabase's clients speak to: /rest/v1 is PostgREST, /auth/v1 is Auth.
//
// Every request needs an API key, as on a hosted project; keys of the new kind (sb_…) are
// translated to the token of their role. It stands in the path of benchmarks, so connections are
// kept alive on both sides and headers are passed on as they came.

import http from 'node:http'
import { authorize } from './keys.mjs'
import { allowEveryOrigin, answerPreflight } from './cors.mjs'

const HOST = '127.0.0.1'
const UPSTREAM_TIMEOUT_MS = 60_000
// Shorter than either upstream keeps an idle connection, so that we never write to a closed one.
const IDLE_UPSTREAM_MS = 20_000
const IDLE_CLIENT_MS = 75_000
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

const env = process.env
const agent = new http.Agent({ keepAlive: true, scheduling: 'lifo', timeout: IDLE_UPSTREAM_MS })
const routes = [
  { prefix: '/rest/v1', port: Number(env.POSTGREST_PORT), open: [] },
  {
    prefix: '/auth/v1',
    port: Number(env.AUTH_PORT),
    open: ['/auth/v1/.well-known/jwks.json', '/auth/v1/health'],
  },
]

const server = http.createServer({ keepAliveTimeout: IDLE_CLIENT_MS, noDelay: true }, (request, response) => {
  if (request.url === '/healthz') return answer(response, 200, { status: 'ok' })
  const path = request.url.split('?', 1)[0]
  const route = routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
  if (!route) return answer(response, 404, { message: 'no Route matched with those values' })
  if (request.method === 'OPTIONS' && request.headers.origin) return answerPreflight(request, response)
  const caller = route.open.includes(path) ? {} : authorize(request, env)
  if (caller.refusal) return answer(response, 401, caller.refusal)
  forward(request, response, route, caller.authorization)
})

function forward(request, response, { prefix, port }, authorization) {
  const upstream = http.request({
    agent,
    host: HOST,
    port,
    method: request.method,
    path: request.url.slice(prefix.length) || '/',
    headers: passedOn(request.rawHeaders, authorization),
    timeout: UPSTREAM_TIMEOUT_MS,
  })
  upstream.on('response', (reply) => {
    response.writeHead(reply.statusCode, reply.statusMessage, allowEveryOrigin(passedBack(reply.rawHeaders)))
    reply.pipe(response)
    reply.on('error', () => response.destroy())
  })
  upstream.on('timeout', () => upstream.destroy(new Error('timeout')))
  upstream.on('error', () => {
    if (response.headersSent) response.destroy()
    else answer(response, 502, { message: 'An invalid response was received from the upstream server' })
  })
  response.on('close', () => response.writableFinished || upstream.destroy())
  request.pipe(upstream)
}

// Headers as they came, in a flat list of names and values, with the caller's token put in.
function passedOn(raw, authorization) {
  const headers = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase()
    if (name === 'connection' || name === 'keep-alive') continue
    if (name === 'authorization' && authorization) continue
    headers.push(raw[i], raw[i + 1])
  }
  if (authorization) headers.push('Authorization', authorization)
  return headers
}

function passedBack(raw) {
  const headers = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase()
    if (HOP_BY_HOP.has(name) || name.startsWith('access-control-')) continue
    headers.push(raw[i], raw[i + 1])
  }
  return headers
}

function answer(response, status, body) {
  const text = JSON.stringify(body)
  const length = String(Buffer.byteLength(text))
  response.writeHead(status, allowEveryOrigin(['Content-Type', 'application/json', 'Content-Length', length]))
  response.end(text)
}

server.listen(Number(env.GATEWAY_PORT), HOST)
