// Whole password sign-ins beside Argon2id alone, in turns: how near the one comes to the rate of the other, what a sign-in costs beside the hash, and how
// much slower another route answers meanwhile.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultConcurrency } from '../../src/auth/passwords/passwords.ts'
import { signUp } from '../../test/support/person.ts'
import { type PlatformProcess, startPlatform } from '../../test/support/platform.ts'
import { median, onCpuNs } from '../cpu.ts'
import { type LoadResult, run } from '../load.ts'
import type { Hashed, Hashing } from '../peers/argon2.ts'
import { signedInGet } from './reader.ts'
import { at, CONFIG, ENVIRONMENT, type Pace, table } from './subject.ts'
import { Walk, type Walker } from './walk.ts'

const AT_ONCE = 8
/** Of the other route: few enough that the machine is idle without the sign-ins. */
const OTHERS_PER_SECOND = 200
const SIGN_UPS_AT_ONCE = 4

interface Round {
  readonly alone: Hashed
  readonly quiet: LoadResult
  readonly others: LoadResult
  readonly signIns: number
  readonly perSecond: number
  /** Of each sign-in. */
  readonly hashingMs: number
  readonly restMs: number
}

interface Site {
  readonly platform: PlatformProcess
  readonly hashing: number
  readonly walkers: readonly Walker[]
  readonly argon2: ChildProcess
  others(durationMs: number): Promise<LoadResult>
}

/** The process that hashes for the platform. */
function hashingProcess(parent: number): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const isChild = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(parent)
      if (isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hash-worker')) return Number(pid)
    } catch {
      // It has ended between the listing and the reading.
    }
  }
  throw new Error('the platform has no process that hashes')
}

/** Everybody has an address, a password and a network of their own, as the visitors of a real site do. */
async function signUpAll(platform: PlatformProcess, count: number): Promise<Walker[]> {
  const walkers = Array.from({ length: count }, (_, index) => ({
    email: `walker${index}@example.com`,
    password: randomBytes(12).toString('base64url'),
    address: `10.${randomInt(256)}.${index % 256}.${randomInt(1, 255)}`,
  }))
  const queue = [...walkers]
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await signUp(platform, next.email, next)
  }
  await Promise.all(Array.from({ length: SIGN_UPS_AT_ONCE }, lane))
  return walkers
}

/** At a rate that leaves the machine idle. */
async function otherRoute(platform: PlatformProcess): Promise<Site['others']> {
  const request = await signedInGet(platform)
  return (durationMs) =>
    run({ port: platform.port, connections: 8, durationMs, expect: 200, next: () => request, perSecond: OTHERS_PER_SECOND })
}

/** How many people came in. */
async function signingIn({ platform, walkers }: Site, durationMs: number): Promise<{ readonly signIns: number; readonly seconds: number }> {
  const start = new URL(`${platform.origin('diary')}/session/sign-in?return_to=/`)
  let next = randomInt(walkers.length)
  let signIns = 0
  const begin = (): Walk => new Walk(at(walkers, next++ % walkers.length), start)
  const walks = Array.from({ length: Math.min(AT_ONCE, walkers.length) }, begin)
  const { seconds } = await run({
    port: platform.port,
    connections: walks.length,
    durationMs,
    expect: [200, 303],
    next: (connection) => at(walks, connection).request(),
    answered(connection, answer) {
      if (!at(walks, connection).answered(answer)) return
      signIns += 1
      walks[connection] = begin()
    },
  })
  return { signIns, seconds }
}

async function alone({ argon2 }: Site, durationMs: number): Promise<Hashed> {
  const hashing: Hashing = { concurrency: defaultConcurrency(), durationMs }
  argon2.send(hashing)
  const [hashed] = (await once(argon2, 'message')) as [Hashed]
  return hashed
}

async function round(site: Site, durationMs: number): Promise<Round> {
  const { platform, hashing } = site
  const hashed = await alone(site, durationMs)
  const quiet = await site.others(durationMs)
  const before = { platform: onCpuNs(platform.pid), hashing: onCpuNs(hashing) }
  const [{ signIns, seconds }, others] = await Promise.all([signingIn(site, durationMs), site.others(durationMs)])
  const after = { platform: onCpuNs(platform.pid), hashing: onCpuNs(hashing) }
  const hashingMs = (after.hashing - before.hashing) / 1e6 / signIns
  const restMs = (after.platform - before.platform) / 1e6 / signIns
  return { alone: hashed, quiet, others, signIns, perSecond: signIns / seconds, hashingMs, restMs }
}

function report(name: string, taken: readonly Round[]): void {
  const of = (pick: (one: Round) => number): number => median(taken.map(pick))
  const share = of(({ perSecond, alone: { perSecond: bare } }) => perSecond / bare)
  const slower = of(({ others, quiet }) => others.p99Ms / quiet.p99Ms)
  table(
    [`${name}: password sign-ins`, 'measured', 'aim'],
    [
      [`Argon2id alone, ${defaultConcurrency()} at a time`, `${of((one) => one.alone.perSecond).toFixed(1)}/s`, ''],
      ['whole sign-ins', `${of((one) => one.perSecond).toFixed(1)}/s`, ''],
      ['sign-ins / Argon2id alone', share.toFixed(2), 'at least 0.90'],
      ['CPU of one hash, alone', `${of((one) => one.alone.cpuMs).toFixed(1)} ms`, ''],
      ['CPU of the hashing process for each sign-in', `${of((one) => one.hashingMs).toFixed(1)} ms`, ''],
      ['CPU of the platform for each sign-in, the other route included', `${of((one) => one.restMs).toFixed(1)} ms`, ''],
      ['hash / all CPU of a sign-in', of(({ hashingMs, restMs }) => hashingMs / (hashingMs + restMs)).toFixed(2), ''],
      ['p99 of another route, quiet', `${of((one) => one.quiet.p99Ms).toFixed(1)} ms`, ''],
      ['p99 of another route, meanwhile', `${of((one) => one.others.p99Ms).toFixed(1)} ms`, ''],
      ['meanwhile / quiet', slower.toFixed(2), 'under 2'],
    ],
  )
}

export async function measureSignIns(
  name: string,
  environment: Readonly<Record<string, string>>,
  { pace, people }: { readonly pace: Pace; readonly people: number },
): Promise<void> {
  const argon2 = fork(fileURLToPath(new URL('../peers/argon2.ts', import.meta.url)))
  await once(argon2, 'message')
  const platform = await startPlatform({
    config: CONFIG,
    logLevel: 'info',
    discardOutput: true,
    environment: { ...ENVIRONMENT, ...environment },
  })
  try {
    const walkers = await signUpAll(platform, people)
    const site: Site = { platform, walkers, argon2, hashing: hashingProcess(platform.pid), others: await otherRoute(platform) }
    await round(site, pace.warmUpMs)
    const taken: Round[] = []
    for (let number = 0; number < pace.rounds; number += 1) taken.push(await round(site, pace.durationMs))
    report(name, taken)
  } finally {
    argon2.disconnect()
    await platform.stop({ remove: true })
  }
}
