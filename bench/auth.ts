// The authorization server under load: interleaved rounds of every subject on a real platform, medians; rate as fast as answers come, and CPU time of the
// whole server process for each request, from which comes what one core can do.
// Run: node bench/auth.ts [--on sqlite,postgres] [--only flows,introspection,sign-ins,sessions] [--hash 65536/3] [--first platform]
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { costProblem, type HashCost, USUAL_COST } from '../src/auth/passwords/cost.ts'
import { type Person, signIn, signUp } from '../test/support/person.ts'
import { startPlatform } from '../test/support/platform.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { Visitor } from '../test/support/visitor.ts'
import { flowSubjects } from './auth/flows.ts'
import { introspectionSubjects } from './auth/introspection.ts'
import { measureSessions } from './auth/sessions.ts'
import { measureSignIns } from './auth/sign-ins.ts'
import { at, CONFIG, ENVIRONMENT, figuresOf, type Pace, rounds, type Subject, table, type World } from './auth/subject.ts'
import { firstPlace } from './first-place.ts'

const { values } = parseArgs({
  options: {
    on: { type: 'string', default: 'sqlite,postgres' },
    only: { type: 'string', default: 'flows,introspection,sign-ins,sessions' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '4' },
    /** Signed-in browsers that the subjects are spread over. */
    browsers: { type: 'string', default: '16' },
    /** Who sign in with their passwords. */
    people: { type: 'string', default: '64' },
    /** What their password hashes cost: KiB/passes. */
    hash: { type: 'string', default: `${USUAL_COST.memoryKiB}/${USUAL_COST.passes}` },
    /** Sign-ins before anything of them is measured. */
    'warm-up-sign-ins': { type: 'string', default: '1500' },
    /** Sign-ins with this main thread before all other programs: `nobody`, `client` or `platform`. */
    first: { type: 'string', default: 'nobody' },
    /** How many sessions there are where there are many, and where there are few. */
    sessions: { type: 'string', default: '1000000' },
    few: { type: 'string', default: '1000' },
  },
})
const PACE: Pace = { rounds: Number(values.rounds), durationMs: Number(values.seconds) * 1000, warmUpMs: Number(values['warm-up']) * 1000 }
const PEOPLE = 4
/** As an operator would for so much data. */
const POSTGRES = { shared_buffers: '1GB', max_wal_size: '4GB', checkpoint_timeout: '30min' }
const COST = hashCost(values.hash)
const FIRST = firstPlace(values.first)
const wanted = new Set(values.only.split(','))

function hashCost(text: string): HashCost {
  const [, memoryKiB, passes] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  const cost = { memoryKiB: Number(memoryKiB), passes: Number(passes) }
  const problem = passes === undefined ? `--hash takes KiB/passes, as in 65536/3, and not ${text}` : costProblem(cost)
  if (problem !== undefined) throw new RangeError(problem)
  return cost
}

type Environment = Readonly<Record<string, string>>

async function openWorld(environment: Environment): Promise<World> {
  const platform = await startPlatform({
    config: CONFIG,
    logLevel: 'info',
    discardOutput: true,
    environment: { ...ENVIRONMENT, ...environment },
  })
  const people: Person[] = []
  for (let index = 0; index < PEOPLE; index += 1) people.push(await signUp(platform, `bench${index}@example.com`))
  const browsers: Person[] = []
  for (let index = 0; index < Number(values.browsers); index += 1) {
    const browser = { visitor: new Visitor(platform.port), email: at(people, index % PEOPLE).email }
    await signIn(platform, browser)
    browsers.push(browser)
  }
  return { platform, browsers }
}

async function requestsPerCore(name: string, environment: Environment): Promise<void> {
  const world = await openWorld(environment)
  const { platform } = world
  try {
    const subjects: Subject[] = []
    if (wanted.has('flows')) subjects.push(...(await flowSubjects(world)))
    if (wanted.has('introspection')) subjects.push(...(await introspectionSubjects(world)))
    const samples = await rounds(
      subjects.map((subject) => ({ platform, subject })),
      PACE,
    )
    const rows = subjects.map((subject, number) => {
      const { rate, cpuUs, p50Ms, p99Ms } = figuresOf(at(samples, number))
      return [
        `${name}: ${subject.name}`,
        rate.toFixed(0),
        cpuUs.toFixed(0),
        (1_000_000 / cpuUs).toFixed(0),
        p50Ms.toFixed(1),
        p99Ms.toFixed(1),
      ]
    })
    table(['subject', 'requests/s', 'CPU us/request', 'requests/s per core', 'p50 ms', 'p99 ms'], rows)
  } finally {
    await platform.stop({ remove: true })
  }
}

async function measure(name: string, urlOf?: (place: string) => string): Promise<void> {
  const databaseOf = (place: string): Environment => (urlOf === undefined ? {} : { NINEFOLD_DATABASE_URL: urlOf(place) })
  if (wanted.has('flows') || wanted.has('introspection')) await requestsPerCore(name, databaseOf('flows'))
  if (wanted.has('sign-ins')) {
    const scale = {
      people: Number(values.people),
      cost: COST,
      warmUpSignIns: Number(values['warm-up-sign-ins']),
      first: FIRST,
    }
    await measureSignIns(name, databaseOf('sign_ins'), { pace: PACE, ...scale })
  }
  if (wanted.has('sessions')) {
    const scale = { few: Number(values.few), many: Number(values.sessions) }
    await measureSessions(name, { few: databaseOf('few'), many: databaseOf('many') }, { pace: PACE, scale })
  }
}

process.stdout.write(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, ${values.rounds} rounds of ${values.seconds} s\n`,
)
for (const database of values.on.split(',')) {
  if (database === 'sqlite') await measure(database)
  else {
    const server = await startPostgres({ settings: POSTGRES })
    try {
      await measure(database, (place) => server.url(place))
    } finally {
      await server.stop()
    }
  }
}
