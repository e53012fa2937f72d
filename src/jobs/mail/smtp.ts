// Mails over SMTP (RFC 5321), by nodemailer: a small pool of connections, encrypted except to this machine itself.
import { createTransport } from 'nodemailer'
import { type HmacKey, hmacSha256 } from '#kernel/keyring.ts'
import type { Secret } from '#kernel/secret.ts'
import { jobErrors } from '../errors.ts'
import type { Outbox } from './outbox.ts'

const CONNECT_TIMEOUT_MS = 10_000
const SILENCE_TIMEOUT_MS = 30_000
const ID_DIGITS = 32
const SUBMISSION_PORT = 587
const SUBMISSIONS_PORT = 465

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
        throw refusal(error)
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

// RFC 5321 section 4.2.1: a 5yz reply to the envelope or the message will be the same next time. A refused password is ours to mend, so it is tried again.
function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || !('responseCode' in error) || !('command' in error)) return error
  const { responseCode, command } = error
  const final = typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600
  return final && (command === 'RCPT TO' || command === 'DATA')
    ? jobErrors.hopeless({ detail: `The mail server refused the mail: ${error.message}`, cause: error })
    : error
}
