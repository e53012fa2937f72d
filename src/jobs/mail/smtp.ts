// Mails over SMTP (RFC 5321), by nodemailer: a small pool of connections, encrypted except to this machine itself.
import { createTransport } from 'nodemailer'
import { type HmacKey, hmacSha256 } from '#kernel/keyring.ts'
import type { Secret } from '#kernel/secret.ts'
import { jobErrors } from '../errors.ts'
import { withWords } from '../reasons.ts'
import type { Outbox } from './outbox.ts'

const CONNECT_TIMEOUT_MS = 10_000
const SILENCE_TIMEOUT_MS = 30_000
const ID_DIGITS = 32
const SUBMISSION_PORT = 587
const SUBMISSIONS_PORT = 465
const ADDRESS = '<address>'

export interface SmtpSettings {
  readonly from: string
  /** `smtp://` upgrades by STARTTLS, `smtps://` is encrypted from the first byte. */
  readonly url: Secret
  /** For ids of mails. Keys of jobs count what has happened here, which is nothing for who gets a mail. */
  readonly idKey: HmacKey
}

export function createSmtpOutbox({ from, url, idKey }: SmtpSettings): Outbox {
  const transport = createTransport({
    pool: true,
    maxConnections: 2,
    ...serverOf(url),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    // A value in a template must never make the mailer read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost'
  return {
    async send(call, { key, to, subject, text, html }) {
      call.signal.throwIfAborted()
      try {
        await transport.sendMail({
          from,
          // As an object it is one address, never parsed for more.
          to: { name: '', address: to },
          subject: subject.replace(/\p{Cc}+/gu, ' '),
          text,
          html,
          messageId: `<${hmacSha256(idKey, key).toString('hex').slice(0, ID_DIGITS)}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
      } catch (error) {
        throw refusal(error, to)
      }
    },
    close: () => transport.close(),
  }
}

function serverOf(url: Secret): {
  host: string
  port: number
  secure: boolean
  requireTLS: boolean
  auth?: { user: string; pass: string }
} {
  let parsed: URL
  try {
    parsed = new URL(url.reveal())
  } catch {
    throw new Error('The address of the mail server must be smtp://user:password@host:port or smtps://...')
  }
  const secure = parsed.protocol === 'smtps:'
  if (!secure && parsed.protocol !== 'smtp:') throw new Error('The address of the mail server must begin with smtp:// or smtps://')
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const loopback = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
  const user = decodeURIComponent(parsed.username)
  return {
    host,
    port: parsed.port === '' ? (secure ? SUBMISSIONS_PORT : SUBMISSION_PORT) : Number(parsed.port),
    secure,
    requireTLS: !loopback && !secure,
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(parsed.password) } }),
  }
}

/** An error of our own: those of nodemailer name the recipient in their message, in their stack and in members, all of which would be logged. */
function refusal(error: unknown, to: string): unknown {
  if (!(error instanceof Error)) return error
  const { command, responseCode, response } = factsOf(error)
  const words = withoutAddresses(error.message, to)
  // Without an answer of the server these are the words of Node and nodemailer, which say what to mend.
  const what = response === undefined ? words : [command, responseCode].filter((part) => part !== undefined).join(' ')
  const detail = `The mail server did not take the mail: ${what}`
  // RFC 5321 section 4.2.1: a 5yz reply to the envelope or the message will be the same next time. A refused password is ours to mend, so it is tried again.
  const isFinal = responseCode !== undefined && responseCode >= 500 && responseCode < 600 && (command === 'RCPT TO' || command === 'DATA')
  const ours = isFinal ? jobErrors.hopeless({ detail }) : new Error(detail)
  return response === undefined ? ours : withWords(ours, `(${words})`)
}

interface Facts {
  readonly command?: string | undefined
  readonly responseCode?: number | undefined
  readonly response?: string | undefined
}

function factsOf(error: Error): Facts {
  const command: unknown = Reflect.get(error, 'command')
  const responseCode: unknown = Reflect.get(error, 'responseCode')
  const response: unknown = Reflect.get(error, 'response')
  return {
    command: typeof command === 'string' ? command : undefined,
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    response: typeof response === 'string' && response !== '' ? response : undefined,
  }
}

/** Also none of those to which a server passes mail on. */
function withoutAddresses(words: string, to: string): string {
  return words
    .replaceAll(new RegExp(`<?${RegExp.escape(to)}>?`, 'gi'), ADDRESS)
    .replaceAll(/<?[^\s<>"'()[\],;:]+@[^\s<>"'()[\],;:]+>?/g, ADDRESS)
}
