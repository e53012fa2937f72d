// Certificates of clients (RFC 8705). TLS ends at a proxy, which sends on what the client has shown; the header counts from a named proxy alone.
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { httpErrors } from '#kernel/http/problem.ts'
import type { ClientCertificate } from '#kernel/http/route.ts'
import { sha256 } from '#kernel/keyring.ts'
import { isProxy, plain, type TrustedProxies } from './client-address.ts'

export interface CertificateHeaders {
  /** Carries the certificate. Nobody is believed without. */
  readonly certificate: string
  /** Says `SUCCESS` when the proxy has verified it with an authority. Without it no certificate counts as verified. */
  readonly verified?: string | undefined
}

const MAX_LENGTH = 16_384
const VERIFIED = 'SUCCESS'

/** Takes the headers away, whoever sent them. */
export function createCertificateReader(headers: CertificateHeaders | undefined, proxies: TrustedProxies | undefined) {
  const name = headers?.certificate.toLowerCase()
  const verifiedName = headers?.verified?.toLowerCase()
  return (request: IncomingMessage): ClientCertificate | undefined => {
    if (name === undefined) return undefined
    const value = taken(request, name)
    const verdict = verifiedName === undefined ? undefined : taken(request, verifiedName)
    if (value === undefined || !isProxy(plain(request.socket.remoteAddress ?? ''), proxies)) return undefined
    const certificate = parsed(value)
    return { certificate, thumbprint: sha256(certificate.raw), isVerified: verdict === VERIFIED }
  }
}

function taken({ headers, rawHeaders }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined) return undefined
  delete headers[name]
  const count = rawHeaders.filter((raw, index) => index % 2 === 0 && raw.toLowerCase() === name).length
  // A proxy that adds its own to what the client has sent would let clients write it.
  if (count > 1 || typeof value !== 'string') throw httpErrors.bad_request({ detail: `The header ${name} came twice.` })
  return value === '' ? undefined : value
}

/** As RFC 9440 has it (`:base64:`), or as PEM that is percent-encoded, as most proxies write it. */
function parsed(value: string): X509Certificate {
  try {
    if (value.length > MAX_LENGTH) throw new TypeError('too long')
    const sequence = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1]
    return new X509Certificate(sequence === undefined ? decodeURIComponent(value) : Buffer.from(sequence, 'base64'))
  } catch (cause) {
    throw httpErrors.bad_request({ detail: 'The certificate of the client cannot be read.', cause })
  }
}
