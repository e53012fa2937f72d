// `npm run bench`: interleaved rounds of every subject, medians, rate and on-CPU time of the server per request, beside peers in the same run.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type PlatformProcess, freePortPair, printed, startPlatform } from '../test/support/platform.ts'
import { type Person, session, signIn, signUp } from '../test/support/person.ts'
import type { Visitor } from '../test/support/visitor.ts'
import { median, onCpuNs } from './cpu.ts'
import { type LoadResult, quantile, requestBytes, run } from './load.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** Only subjects whose name has this; the baseline is always measured. */
    only: { type: 'string', default: '' },
    /** The same rate for every subject that repeats one request, instead of as fast as each can: what a request costs depends on how many come. */
    rate: { type: 'string' },
  },
})
const ROUNDS = Number(values.rounds)
const PACE = values.rate === undefined ? {} : { perSecond: Number(values.rate) }
const DURATION_MS = Number(values.seconds) * 1000
/** Until the compiler has done its work: before, its threads count too. Twice, since it does some of it again when it has seen the other subjects. */
const WARM_UP_MS = 4000
const WARM_UPS = 2
const BASELINE = 'fastify hello (peer)'

interface Subject {
  readonly name: string
  readonly pid: number
  load(durationMs: number): Promise<LoadResult>
}

interface Target {
  readonly pid: number
  readonly port: number
}

interface Sample extends LoadResult {
  readonly cpuUs: number
}

const children: ChildProcess[] = []

/** The same request again and again on kept-alive connections. */
function repeat(name: string, target: Target, options: { connections: number; expect: number; request: Buffer }): Subject {
  const { connections, expect, request } = options
  return {
    name,
    pid: target.pid,
    load: (durationMs) => run({ port: target.port, connections, durationMs, expect, next: () => request, ...PACE }),
  }
}

async function peer(file: string): Promise<Target> {
  const port = await freePortPair()
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await printed(child, /ready/, () => output)
  return { pid: child.pid ?? 0, port }
}

/** One nginx worker with the same page as the platform, where nginx is installed. */
async function nginx(page: Buffer): Promise<Target | undefined> {
  if (spawnSync('nginx', ['-v']).status !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-nginx-'))
  const port = await freePortPair()
  writeFileSync(join(folder, 'page.html'), page)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `worker_processes 1; master_process off; daemon off; pid ${join(folder, 'pid')}; error_log ${join(folder, 'error.log')};
events {} http { access_log off; ${paths} keepalive_requests 1000000; server { listen 127.0.0.1:${port}; root ${folder}; } }\n`,
  )
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
  children.push(child)
  await new Promise((done) => setTimeout(done, 500))
  return child.exitCode === null ? { pid: child.pid ?? 0, port } : undefined
}

/** What a browser sends to the API: the refresh cookie has the path of the session routes and stays at home. */
function apiCookies(platform: PlatformProcess, visitor: Visitor, label: string): string {
  const all = visitor.jar(`${label}.localhost:${platform.port}`).header()
  return all
    .split('; ')
    .filter((pair) => !pair.startsWith('__Secure-refresh='))
    .join('; ')
}

async function platformSubjects(platform: PlatformProcess): Promise<Subject[]> {
  const people = await Promise.all(Array.from({ length: 4 }, (_, index) => signUp(platform, `bench${index}@example.com`)))
  for (const each of people) await signIn(platform, each)
  const person = people[0]
  if (person === undefined) throw new Error('nobody signed up')
  const { csrfToken } = await session(platform, person.visitor)
  const host = `diary.localhost:${platform.port}`
  const cookie = apiCookies(platform, person.visitor, 'diary')
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
  if (created.status !== 201) throw new Error(`create answered ${created.status}: ${created.body}`)
  const { id } = JSON.parse(created.body) as { id: string }
  const get = requestBytes(`GET /api/comments/${id}`, { host, cookie })
  const create = requestBytes('POST /api/comments', unsafe, body)
  const page = requestBytes('GET /', { host, accept: 'text/html' })
  return [
    repeat('signed-in get', platform, { connections: 32, expect: 200, request: get }),
    repeat('durable create', platform, { connections: 64, expect: 201, request: create }),
    { name: 'session refresh', pid: platform.pid, load: (durationMs) => refreshLoop(platform, people, durationMs) },
    repeat('static page', platform, { connections: 32, expect: 200, request: page }),
  ]
}

/** Every session refreshes as fast as it can, with the cookies of its last answer, as a browser would. */
async function refreshLoop(platform: PlatformProcess, people: readonly Person[], durationMs: number): Promise<LoadResult> {
  const start = performance.now()
  const latencies: number[] = []
  await Promise.all(
    people.map(async ({ visitor }) => {
      const { csrfToken } = await session(platform, visitor)
      const headers = { 'x-csrf-token': csrfToken, 'sec-fetch-site': 'same-origin', origin: platform.origin('diary') }
      for (let began = performance.now(); began - start < durationMs; began = performance.now()) {
        const reply = await visitor.request(new URL(`${platform.origin('diary')}/session/refresh`), { method: 'POST', headers })
        if (reply.status !== 200) throw new Error(`refresh answered ${reply.status}: ${reply.body}`)
        latencies.push(performance.now() - began)
      }
    }),
  )
  latencies.sort((a, b) => a - b)
  const seconds = (performance.now() - start) / 1000
  return { requests: latencies.length, seconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99), latenciesMs: latencies }
}

async function sample(subject: Subject, durationMs: number): Promise<Sample> {
  const before = onCpuNs(subject.pid)
  const result = await subject.load(durationMs)
  return { ...result, cpuUs: (onCpuNs(subject.pid) - before) / 1000 / result.requests }
}

function report(samples: ReadonlyMap<string, Sample[]>): void {
  const baseline = median((samples.get(BASELINE) ?? []).map((entry) => entry.cpuUs))
  const rows = [...samples].map(([name, entries]) => {
    const cpu = entries.map((entry) => entry.cpuUs)
    return [
      name,
      median(entries.map((entry) => entry.requests / entry.seconds)).toFixed(0),
      median(cpu).toFixed(1),
      Math.min(...cpu).toFixed(1),
      (median(cpu) / baseline).toFixed(2),
      median(entries.map((entry) => entry.p50Ms)).toFixed(2),
      median(entries.map((entry) => entry.p99Ms)).toFixed(2),
    ]
  })
  const heading = ['subject', 'requests/s', 'CPU us/request (median)', '(best)', 'CPU / fastify hello', 'p50 ms', 'p99 ms']
  const lines = [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  process.stdout.write(
    `\n${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, ${ROUNDS} rounds of ${DURATION_MS / 1000} s\n\n${lines.join('\n')}\n`,
  )
}

async function main(): Promise<void> {
  // Limits are what keeps a load generator out; they are set high here and nowhere else.
  const platform = await startPlatform({
    logLevel: 'info',
    discardOutput: true,
    environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000' },
  })
  try {
    const subjects = await platformSubjects(platform)
    const hello = await peer('./peers/fastify.ts')
    const host = `127.0.0.1:${hello.port}`
    subjects.unshift(repeat(BASELINE, hello, { connections: 32, expect: 200, request: requestBytes('GET /hello', { host }) }))
    const page = await platform.send('diary', { path: '/', headers: { accept: 'text/html' } })
    const web = await nginx(page.bytes)
    if (web === undefined) process.stdout.write('nginx is not installed: its row is left out\n')
    else
      subjects.push(
        repeat('nginx static page (peer)', web, {
          connections: 32,
          expect: 200,
          request: requestBytes('GET /page.html', { host: `127.0.0.1:${web.port}` }),
        }),
      )
    const chosen = subjects.filter(({ name }) => name === BASELINE || name.includes(values.only))
    const samples = new Map<string, Sample[]>(chosen.map((subject) => [subject.name, []]))
    for (let pass = 0; pass < WARM_UPS; pass += 1) for (const subject of chosen) await sample(subject, WARM_UP_MS)
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const subject of chosen) samples.get(subject.name)?.push(await sample(subject, DURATION_MS))
      process.stdout.write(`round ${round} of ${ROUNDS}\n`)
    }
    report(samples)
  } finally {
    for (const child of children) child.kill()
    await platform.stop({ remove: true })
  }
}

await main()
