// Whole password sign-ins beside Argon2id alone, in turns: how near the one comes to the rate of the other, what a sign-in costs beside the hash, and how
// much slower another route answers meanwhile.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { HashCost } from '../../src/auth/passwords/cost.ts'
import { defaultConcurrency } from '../../src/auth/passwords/passwords.ts'
import { signUp } from '../../test/support/person.ts'
import { type PlatformProcess, startPlatform } from '../../test/support/platform.ts'
import { median, onCpuNs } from '../cpu.ts'
import { type First, giveFirstPlace, leaveFirstPlace } from '../first-place.ts'
import { type LoadResult, run } from '../load.ts'
import type { Hashed, Hashing } from '../peers/argon2.ts'
import type { Busy } from '../peers/busy.ts'
import { signedInGet } from './reader.ts'
import { CONFIG, ENVIRONMENT, type Pace, table } from './subject.ts'
import type { Walker } from './walk.ts'
import type { Walked, Walking } from './walkers.ts'

const AT_ONCE = 8
/** Of the other route: few enough that the machine is idle without the sign-ins. */
const OTHERS_PER_SECOND = 200
const SIGN_UPS_AT_ONCE = 4
const WARM_UP_SLICE_MS = 1000

interface Round {
  readonly alone: Hashed
  /** While another core computes something else. */
  readonly crowded: Hashed
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
  readonly busy: ChildProcess
  /** The walkers' own process. */
  readonly clients: ChildProcess
  others(durationMs: number): Promise<LoadResult>
}

/** A process beside the platform that does what it is told, and says how it went. */
async function beside(path: string, words: readonly string[] = []): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(path, import.meta.url)), words)
  await answerOf(child)
  return child
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const answered = new AbortController()
  const ended = once(child, 'exit', answered).then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)}`)
  })
  try {
    const [answer] = (await Promise.race([once(child, 'message', answered), ended])) as [unknown]
    return answer
  } finally {
    // Or a listener would be left behind by each of many questions.
    answered.abort()
  }
}

async function asked<Answer>(child: ChildProcess, task: Hashing | Walking | Busy): Promise<Answer> {
  const answer = answerOf(child)
  child.send(task)
  return (await answer) as Answer
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

async function signingIn(
  { platform, walkers, clients }: Site,
  durationMs: number,
): Promise<{ readonly signIns: number; readonly seconds: number }> {
  const start = `${platform.origin('diary')}/session/sign-in?return_to=/`
  const walking: Walking = { port: platform.port, start, walkers, atOnce: AT_ONCE, durationMs }
  const walked = await asked<Walked>(clients, walking)
  if ('failed' in walked) throw new Error(walked.failed)
  return walked
}

/** Until the compiler has seen the way that all of them go. */
async function warmUp(site: Site, count: number): Promise<void> {
  for (let done = 0; done < count; ) done += (await signingIn(site, WARM_UP_SLICE_MS)).signIns
}

async function alone({ argon2 }: Site, durationMs: number): Promise<Hashed> {
  const hashing: Hashing = { concurrency: defaultConcurrency(), durationMs }
  return asked<Hashed>(argon2, hashing)
}

async function round(site: Site, durationMs: number): Promise<Round> {
  const { platform, hashing } = site
  const hashed = await alone(site, durationMs)
  const [crowded] = await Promise.all([alone(site, durationMs), asked<string>(site.busy, { durationMs })])
  const quiet = await site.others(durationMs)
  const before = { platform: onCpuNs(platform.pid), hashing: onCpuNs(hashing) }
  const [{ signIns, seconds }, others] = await Promise.all([signingIn(site, durationMs), site.others(durationMs)])
  const after = { platform: onCpuNs(platform.pid), hashing: onCpuNs(hashing) }
  const hashingMs = (after.hashing - before.hashing) / 1e6 / signIns
  const restMs = (after.platform - before.platform) / 1e6 / signIns
  return { alone: hashed, crowded, quiet, others, signIns, perSecond: signIns / seconds, hashingMs, restMs }
}

function report(name: string, { memoryKiB, passes }: HashCost, taken: readonly Round[]): void {
  const of = (pick: (one: Round) => number): number => median(taken.map(pick))
  const share = of(({ perSecond, alone: { perSecond: bare } }) => perSecond / bare)
  const slower = of(({ others, quiet }) => others.p99Ms / quiet.p99Ms)
  table(
    [`${name}: password sign-ins, ${memoryKiB} KiB and ${passes} passes`, 'measured', 'aim'],
    [
      [`Argon2id alone, ${defaultConcurrency()} at a time`, `${of((one) => one.alone.perSecond).toFixed(1)}/s`, ''],
      ['Argon2id beside a busy core', `${of((one) => one.crowded.perSecond).toFixed(1)}/s`, ''],
      ['whole sign-ins', `${of((one) => one.perSecond).toFixed(1)}/s`, ''],
      ['sign-ins / Argon2id alone', share.toFixed(2), 'at least 0.90'],
      ['Argon2id beside a busy core / alone', of((one) => one.crowded.perSecond / one.alone.perSecond).toFixed(2), ''],
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

export interface SignInScale {
  readonly pace: Pace
  readonly people: number
  /** Of the hashes of the platform, and of those beside it. */
  readonly cost: HashCost
  readonly warmUpSignIns: number
  readonly first: First
}

export async function measureSignIns(
  name: string,
  environment: Readonly<Record<string, string>>,
  { pace, people, cost, warmUpSignIns, first }: SignInScale,
): Promise<void> {
  const argon2 = await beside('../peers/argon2.ts', [String(cost.memoryKiB), String(cost.passes)])
  const busy = await beside('../peers/busy.ts')
  const clients = await beside('walkers.ts')
  const hashes = {
    NINEFOLD_AUTH_PASSWORD_MEMORY_KIB: String(cost.memoryKiB),
    NINEFOLD_AUTH_PASSWORD_PASSES: String(cost.passes),
  }
  const platform = await startPlatform({
    config: CONFIG,
    logLevel: 'info',
    discardOutput: true,
    environment: { ...ENVIRONMENT, ...environment, ...hashes },
  })
  try {
    const walkers = await signUpAll(platform, people)
    const others = await otherRoute(platform)
    const site: Site = { platform, walkers, argon2, busy, clients, hashing: hashingProcess(platform.pid), others }
    await warmUp(site, warmUpSignIns)
    giveFirstPlace(first, platform.pid)
    await round(site, pace.warmUpMs)
    const taken: Round[] = []
    for (let number = 0; number < pace.rounds; number += 1) taken.push(await round(site, pace.durationMs))
    report(first === 'nobody' ? name : `${name}, ${first} first`, cost, taken)
  } finally {
    argon2.disconnect()
    busy.disconnect()
    clients.disconnect()
    await platform.stop({ remove: true })
    leaveFirstPlace(first)
  }
}
