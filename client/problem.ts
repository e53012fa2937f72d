// Errors of the platform as the page sees them: problem details (RFC 9457), matched by `code`.
import { type StepUp, stepUpIn } from './step-up.ts'

export interface FieldProblem {
  /** Dotted path of the field, empty for the whole value. */
  readonly field: string
  readonly message: string
}

interface ProblemParts {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail?: string | undefined
  readonly requestId?: string | undefined
  readonly fields?: readonly FieldProblem[]
  readonly retryAfterSeconds?: number | undefined
  readonly stepUp?: StepUp | undefined
}

/** Anything but success. `status` is 0 and `code` is `network` when no answer came at all. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  /** Stable, for example `http.insufficient_scope` or `resource.version_conflict`. */
  readonly code: string
  readonly title: string
  readonly detail: string | undefined
  /** Ties this error to the server's log. Worth showing to people who ask for help. */
  readonly requestId: string | undefined
  /** What is wrong, field by field, in words for people. */
  readonly fields: readonly FieldProblem[]
  readonly retryAfterSeconds: number | undefined
  /** The sign-in was too long ago or too weak for this: `client.signIn(returnTo, problem.stepUp)` asks for what is missing. */
  readonly stepUp: StepUp | undefined

  constructor(parts: ProblemParts, options?: ErrorOptions) {
    super(parts.detail ?? parts.title, options)
    this.status = parts.status
    this.code = parts.code
    this.title = parts.title
    this.detail = parts.detail
    this.requestId = parts.requestId
    this.fields = parts.fields ?? []
    this.retryAfterSeconds = parts.retryAfterSeconds
    this.stepUp = parts.stepUp
  }
}

export function networkProblem(cause: unknown): ProblemError {
  return new ProblemError({ status: 0, code: 'network', title: 'The server could not be reached' }, { cause })
}

/** Reads the answer as far as it is a problem; an answer of another kind, such as a proxy's own page, keeps its status only. */
export async function problemFrom(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => undefined)
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterSeconds = Number.isFinite(retryAfter) ? retryAfter : undefined
  const stepUp = stepUpIn(response.headers.get('www-authenticate'))
  return new ProblemError({ ...partsOf(body, response.status), status: response.status, retryAfterSeconds, stepUp })
}

/** A problem that came as a message, with what would be its header `WWW-Authenticate`. */
export function problemOf(body: unknown, challenge?: unknown): ProblemError {
  const parts = partsOf(body, isRecord(body) && typeof body['status'] === 'number' ? body['status'] : 0)
  return new ProblemError({ ...parts, stepUp: stepUpIn(textOf(challenge)) })
}

function partsOf(body: unknown, status: number): ProblemParts {
  const parts = isRecord(body) ? body : {}
  return {
    status,
    code: textOf(parts['code']) ?? `http.${status}`,
    title: textOf(parts['title']) ?? `The server answered ${status}`,
    detail: textOf(parts['detail']),
    requestId: textOf(parts['requestId']),
    fields: fieldsOf(parts['errors']),
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsOf(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((entry) => ({ field: textOf(entry['field']) ?? '', message: textOf(entry['message']) ?? '' }))
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
