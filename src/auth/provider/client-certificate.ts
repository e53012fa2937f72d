// The certificate that a client has shown to the proxy which ends TLS (RFC 8705). The gateway gives it, from a named proxy alone.
import type { Configuration } from 'oidc-provider'
import { hasAlternativeName, hasSubject, type NameKind } from './certificate-names.ts'
import { currentExchange } from './scope.ts'

type MutualTls = NonNullable<NonNullable<Configuration['features']>['mTLS']>

const KINDS: Readonly<Record<string, NameKind>> = {
  tls_client_auth_san_dns: 'dns',
  tls_client_auth_san_uri: 'uri',
  tls_client_auth_san_ip: 'ip',
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
      if (property === 'tls_client_auth_subject_dn') return hasSubject(certificate, expected)
      const kind = KINDS[property]
      return kind !== undefined && hasAlternativeName(certificate, kind, expected)
    },
  }
}
