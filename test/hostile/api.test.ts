// Ten thousand random requests, made from the API's own OpenAPI document, most of them wrong: no answer that the document does not declare, never a 5xx,
// no word about our insides, and somebody else's objects stay as they were. NINEFOLD_LONG=1 makes it a hundred thousand; NINEFOLD_TEST_SEED repeats a run.
import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { type Person, session, signIn, signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { type Chance, chanceFrom } from './chance.ts'
import { type Attempt, attemptAt, chooseOperation, declaredAnswer, operationsOf, part, schemaAt } from './operations.ts'
import type { Making } from './values.ts'

const LONG = process.env['NINEFOLD_LONG'] === '1'
/** Fewer where each write takes a way over the network and back. */
const USUAL = process.env['NINEFOLD_TEST_DATABASE_URL'] === undefined ? 10_000 : 2000
const REQUESTS = LONG ? 100_000 : USUAL
const AT_ONCE = 8
const INSIDES =
  /(?:\bat \S+ \(|node:internal|\.ts:\d+|node_modules|SQLITE_|ECONN|select .* from|Cannot read propert|is not a function|undefined is not)/i

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

interface Asker {
  readonly headers: Readonly<Record<string, string>>
}

let platform: PlatformProcess
let asker: Asker
let neighbour: Asker
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
const seed = Number(process.env['NINEFOLD_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

before(async () => {
  platform = await startPlatform({
    config: 'test/fixtures/everything/ninefold.config.ts',
    environment: { NINEFOLD_GATEWAY_RATE_LIMIT_FACTOR: '1000000' },
  })
  asker = await askerOf('fuzz@example.com')
  neighbour = await askerOf('neighbour@example.com')
})
after(async () => {
  agent.destroy()
  await platform.stop({ remove: true })
})

async function askerOf(email: string): Promise<Asker> {
  const person: Person = await signUp(platform, email)
  await signIn(platform, person)
  const { csrfToken } = await session(platform, person.visitor)
  return {
    headers: {
      host: `diary.localhost:${platform.port}`,
      cookie: person.visitor.jar(`diary.localhost:${platform.port}`).header(),
      origin: platform.origin('diary'),
      'sec-fetch-site': 'same-origin',
      'x-csrf-token': csrfToken,
    },
  }
}

function ask({ headers }: Asker, attempt: Pick<Attempt, 'path' | 'headers' | 'body'> & { method: string }): Promise<Answer> {
  return new Promise((done, failed) => {
    const length = attempt.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(attempt.body)) }
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: platform.port,
        agent,
        method: attempt.method,
        path: attempt.path,
        headers: { ...headers, ...attempt.headers, ...length },
      },
      (response) => {
        const type = (response.headers['content-type'] ?? '').split(';')[0] ?? ''
        const status = response.statusCode ?? 0
        if (type === 'text/event-stream') {
          response.destroy()
          done({ status, type, body: '' })
          return
        }
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('error', failed).on('end', () => done({ status, type, body }))
      },
    )
    request.on('error', failed)
    request.end(attempt.body)
  })
}

/** What a neighbour has, object by object. Links to files end after a while and are left out. */
async function everythingAt(paths: readonly string[], who: Asker): Promise<string[]> {
  const answers = await Promise.all(paths.map((path) => ask(who, { method: 'GET', path, headers: {} })))
  return answers.map(({ status, body }, index) => `${paths[index]} ${status} ${body.replaceAll(/"[a-z]+Url":"[^"]*"/gi, '')}`)
}

/** One value: not the lines of `application/x-ndjson`. */
function isJson({ type, body }: Answer): boolean {
  return body !== '' && (type === 'application/json' || type.endsWith('+json'))
}

class Judge {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false })
  readonly #validators = new Map<unknown, ValidateFunction>()
  readonly #document: Record<string, unknown>
  readonly #making: Making
  readonly counts = new Map<number, number>()

  constructor(document: Record<string, unknown>, making: Making) {
    this.#document = document
    this.#making = making
  }

  /** One line that says what is wrong with the answer, or nothing. */
  complaint(attempt: Attempt, answer: Answer): string | undefined {
    this.counts.set(answer.status, (this.counts.get(answer.status) ?? 0) + 1)
    if (answer.status >= 500) return `a ${answer.status}`
    if (answer.status >= 400 && INSIDES.test(answer.body)) return 'it talks about our insides'
    const declared = declaredAnswer(this.#making, attempt.operation, answer)
    if (declared === undefined) return `${answer.status} with "${answer.type}" is not declared`
    if (declared.schema === undefined || !isJson(answer)) return undefined
    const validate = this.#validatorOf(declared.schema)
    return validate(JSON.parse(answer.body)) ? undefined : `the body does not match its schema: ${this.#ajv.errorsText(validate.errors)}`
  }

  #validatorOf(schema: unknown): ValidateFunction {
    const known = this.#validators.get(schema)
    if (known !== undefined) return known
    const made = this.#ajv.compile({ ...Object(schema), components: this.#document['components'] })
    this.#validators.set(schema, made)
    return made
  }
}

function describe(attempt: Attempt, answer: Answer): string {
  const sent = `${attempt.operation.method} ${attempt.path.slice(0, 300)} ${JSON.stringify(attempt.headers)} ${(attempt.body ?? '').slice(0, 400)}`
  return `${sent}\n  -> ${answer.status} ${answer.type} ${answer.body.slice(0, 500)}`
}

test(`random requests get declared answers only (${REQUESTS} of them)`, { timeout: LONG ? 1_800_000 : 300_000 }, async (context) => {
  const chance: Chance = chanceFrom(seed)
  context.diagnostic(`seed ${seed}`)
  const found = await ask(asker, { method: 'GET', path: '/api/openapi.json', headers: {} })
  const document: Record<string, unknown> = JSON.parse(found.body)
  const operations = operationsOf(document)
  assert.ok(operations.length >= 8, `only ${operations.length} operations`)
  const known = new Map<string, string[]>()
  const ids: Making['ids'] = (resource) => (resource === undefined ? [...known.values()].flat() : (known.get(resource) ?? []))
  const making: Making = { chance, resolve: (reference) => schemaAt(document, reference), ids }
  const judge = new Judge(document, making)
  const remember = (path: string, answer: Answer): void => {
    if (!isJson(answer) || answer.status >= 300) return
    const id: unknown = part(JSON.parse(answer.body), 'id')
    const resource = path.split(/[/?]/)[2] ?? ''
    const kept = known.get(resource) ?? []
    if (typeof id === 'string' && kept.length < 1000) known.set(resource, [...kept, id])
  }

  const theirs: string[] = []
  const strange: Making = { ...making, ids: (resource) => ids(resource ?? 'albums') }
  for (const operation of operations.filter(({ method, path }) => method === 'POST' && /^\/api\/[a-z_]+$/.test(path))) {
    for (let count = 0; count < 20; count += 1) {
      const attempt = attemptAt(strange, operation)
      const answer = await ask(neighbour, { ...attempt, method: operation.method })
      remember(operation.path, answer)
      if (answer.status === 201) theirs.push(`${operation.path}/${String(part(JSON.parse(answer.body), 'id'))}`)
    }
  }
  assert.ok(theirs.length > 0, 'the neighbour could create nothing')
  const before = await everythingAt(theirs, neighbour)
  assert.ok(before.every((line) => line.includes(' 200 ')))

  const complaints: string[] = []
  let left = REQUESTS
  const worker = async (): Promise<void> => {
    while (left > 0 && complaints.length < 20) {
      left -= 1
      const attempt = attemptAt(making, chooseOperation(chance, operations))
      const answer = await ask(asker, { ...attempt, method: attempt.operation.method })
      remember(attempt.path, answer)
      const complaint = judge.complaint(attempt, answer)
      if (complaint !== undefined) complaints.push(`${complaint}: ${describe(attempt, answer)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const counts = Object.fromEntries([...judge.counts].toSorted(([left_], [right]) => left_ - right))
  context.diagnostic(JSON.stringify(counts))
  assert.deepEqual(complaints, [], `seed ${seed}:\n${complaints.join('\n\n')}`)
  const successes = [...judge.counts].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0)
  assert.ok(successes > REQUESTS / 20, `only ${successes} requests were good enough to do anything: ${JSON.stringify(counts)}`)
  assert.deepEqual(await everythingAt(theirs, neighbour), before, 'what somebody else has was changed')
})
