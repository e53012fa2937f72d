// Heads that are joined at start: no line may be lost, and no line may be smuggled in.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { test } from 'node:test'
import { BlockResponse, type HeaderBlock, headerBlock, writeHead } from './head.ts'

async function headersOf(block: HeaderBlock | undefined, options: { ServerResponse?: typeof BlockResponse }): Promise<string[]> {
  const server = createServer(options, (_request, response) => {
    writeHead(response, 200, { block, headers: ['x-own', 'yes', 'content-length', '2'] })
    response.end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const asked = request({ port: typeof address === 'object' ? address?.port : 0, host: '127.0.0.1', agent: false }).end()
  const [reply] = await once(asked, 'response')
  reply.resume()
  await once(reply, 'end')
  server.close()
  const names: string[] = reply.rawHeaders.map((text: string) => text.toLowerCase())
  return names.filter((_, index) => index % 2 === 0)
}

test('a block comes before the headers of the answer, and Node adds its own', async () => {
  const names = await headersOf(headerBlock(['x-frame-options', 'DENY', 'x-other', '1']), { ServerResponse: BlockResponse })
  assert.deepEqual(names, ['x-frame-options', 'x-other', 'x-own', 'content-length', 'date', 'connection'])
})

test('a response of another class, and an answer without a block, have the same headers', async () => {
  const block = headerBlock(['x-frame-options', 'DENY'])
  assert.deepEqual((await headersOf(block, {})).slice(0, 2), ['x-frame-options', 'x-own'])
  assert.equal((await headersOf(undefined, { ServerResponse: BlockResponse }))[0], 'x-own')
})

test('a block takes no name and no value that a header may not have', () => {
  assert.throws(() => headerBlock(['x-a', 'b\r\nset-cookie: c=d']))
  assert.throws(() => headerBlock(['x a', 'b']))
})
