import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { sendOutward } from './outward.ts'

let server: Server
let origin = ''
let asked = 0

before(async () => {
  server = createServer((request, response) => {
    asked += 1
    if (request.url === '/large') response.end('x'.repeat(5000))
    else if (request.url === '/silent') response.writeHead(200).flushHeaders()
    else if (request.url === '/away') response.writeHead(302, { location: `${origin}/there` }).end()
    else response.end(`${request.method} ${String(request.headers['x-own'])}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})

after(() => {
  server.closeAllConnections()
  server.close()
})

const reach = { loopback: true }

test('gives status, headers and body, and follows no redirect', async () => {
  const answer = await sendOutward({ url: `${origin}/`, method: 'POST', body: 'a=1', headers: { 'x-own': 'yes' }, reach })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), 'POST yes')
  const earlier = asked
  const away = await sendOutward({ url: `${origin}/away`, reach })
  assert.equal(away.status, 302)
  assert.equal(asked, earlier + 1)
})

test('reaches nothing but public machines by https unless told', async () => {
  const earlier = asked
  const refused = [
    `${origin}/`,
    'https://127.0.0.1/',
    'https://169.254.169.254/latest',
    'https://[::1]/',
    'http://10.0.0.1/',
    'ftp://a.example/',
  ]
  for (const url of refused) await assert.rejects(sendOutward({ url }), { name: 'OutwardError' }, url)
  await assert.rejects(sendOutward({ url: 'http://10.0.0.1/', reach: { everywhere: true } }), /only public addresses by https/)
  await assert.rejects(sendOutward({ url: origin.replace('//', '//me:secret@'), reach }), /carries a name/)
  assert.equal(asked, earlier)
})

test('is bounded in size and in time', async () => {
  await assert.rejects(sendOutward({ url: `${origin}/large`, maxBytes: 1000, reach }), /more than 1000 bytes/)
  await assert.rejects(sendOutward({ url: `${origin}/silent`, timeoutMs: 50, reach }), /broke off|in time/)
})
