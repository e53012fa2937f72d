import { startPlatform } from '../test/support/platform.ts'
import { session, signIn, signUp } from '../test/support/person.ts'
import { onCpuNs } from './cpu.ts'
import { requestBytes, run } from './load.ts'
const which = process.argv[2]
const platform = await startPlatform({
  environment: {
    NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000',
    NODE_OPTIONS: process.argv[3] === 'prof' ? '--cpu-prof --cpu-prof-dir=/tmp/prof' : '',
  },
})
try {
  const person = await signUp(platform, 'b@example.com')
  await signIn(platform, person)
  const { csrfToken } = await session(platform, person.visitor)
  const host = `diary.localhost:${platform.port}`
  const cookie = person.visitor.jar(host).header()
  const unsafe = {
    host,
    cookie,
    'content-type': 'application/json',
    'x-csrf-token': csrfToken,
    'sec-fetch-site': 'same-origin',
    origin: platform.origin('diary'),
  }
  const body = JSON.stringify({ profileId: 'bench', text: 'A comment of ordinary length.' })
  const created = await person.visitor.request(new URL(`${platform.origin('diary')}/api/comments`), {
    method: 'POST',
    headers: unsafe,
    body,
  })
  const { id } = JSON.parse(created.body) as { id: string }
  const reqs: Record<string, [Buffer, number, number]> = {
    get: [requestBytes(`GET /api/comments/${id}`, { host, cookie }), 200, 32],
    create: [requestBytes('POST /api/comments', unsafe, body), 201, 64],
    page: [requestBytes('GET /', { host, accept: 'text/html' }), 200, 32],
    probe: [requestBytes('GET /healthz', { host }), 200, 32],
  }
  if (which === 'refresh') {
    const t = onCpuNs(platform.pid)
    const s = performance.now()
    let n = 0
    const headers = { 'x-csrf-token': csrfToken, 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') }
    while (performance.now() - s < 4000) {
      const r = await person.visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
      if (r.status !== 200) throw new Error(r.body)
      n += 1
    }
    console.log('refresh', n / 4, 'rps', (onCpuNs(platform.pid) - t) / 1000 / n, 'us')
  } else {
    const [request, expect, connections] = reqs[which ?? 'get']!
    for (let i = 0; i < 4; i++) {
      const t = onCpuNs(platform.pid)
      const r = await run({ port: platform.port, connections, durationMs: 2000, expect, next: () => request })
      console.log(
        which,
        (r.requests / r.seconds).toFixed(0),
        'rps',
        ((onCpuNs(platform.pid) - t) / 1000 / r.requests).toFixed(1),
        'us',
        r.p99Ms.toFixed(1),
      )
    }
  }
} finally {
  await platform.stop({ remove: true })
}
