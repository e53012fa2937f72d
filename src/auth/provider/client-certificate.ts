// The certificate that a client has shown to the proxy which ends TLS (RFC 8705). The gateway gives it, from a named proxy alone.
import type { X509Certificate } from 'node:crypto'
import type { Configuration } from 'oidc-provider'
import { currentExchange } from './scope.ts'

type MutualTls = NonNullable<NonNullable<Configuration['features']>['mTLS']>

const KINDS: Readonly<Record<string, string>> = {
  tls_client_auth_san_dns: 'DNS',
  tls_client_auth_san_uri: 'URI',
  tls_client_auth_san_ip: 'IP Address',
  tls_client_auth_san_email: 'email',
}

export function mutualTls(): MutualTls {
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: true,
    getCertificate: () => currentExchange()?.clientCertificate?.certificate,
    certificateAuthorized: () => currentExchange()?.clientCertificate?.isVerified === true,
    certificateSubjectMatches(_context, property, expected) {
      const certificate = currentExchange()?.clientCertificate?.certificate
      if (certificate === undefined) return false
      return property === 'tls_client_auth_subject_dn' ? hasSubject(certificate, expected) : hasName(certificate, KINDS[property], expected)
    },
  }
}

/** Written most significant part last (RFC 4514), whereas the certificate has it first. */
function hasSubject({ subject }: X509Certificate, expected: string): boolean {
  const own = subject.split('\n').toReversed().join(',')
  const asked = expected.split(/(?<!\\),\s*/).join(',')
  return own !== '' && own === asked
}

function hasName({ subjectAltName = '' }: X509Certificate, kind: string | undefined, expected: string): boolean {
  // Node puts what could be misread in quotes; such a name is none that anybody registers.
  if (kind === undefined || subjectAltName.includes('"')) return false
  return subjectAltName.split(', ').includes(`${kind}:${expected}`)
}
