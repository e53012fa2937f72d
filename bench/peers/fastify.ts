// The peer of the signed-in get: Fastify at its barest, a constant object, no log.
import fastify from 'fastify'

const app = fastify({ logger: false })
app.get('/hello', async () => ({ hello: 'world' }))
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
process.stdout.write('ready\n')
