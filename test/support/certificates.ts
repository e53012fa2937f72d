// Certificates of clients, self-signed and without their keys: whoever ends TLS has checked that the client has the key.
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ClientCertificate } from '#kernel/http/route.ts'
import { sha256 } from '#kernel/keyring.ts'

const readCertificate = (lines: readonly string[]): X509Certificate => new X509Certificate(Buffer.from(lines.join(''), 'base64'))

/** C=DE, O=Example, CN=service, and service.example as a DNS name. */
export const SERVICE_CERTIFICATE = readCertificate([
  'MIIB1jCCAXugAwIBAgIUSEewf1fvOkvy6H0kcExmBvbZwOgwCgYIKoZIzj0EAwIwMTELMAkGA1UEBhMCREUxEDAOBgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMM',
  'B3NlcnZpY2UwIBcNMjYxMTI0MjI0NjM3WhgPMjEyNjEwMzEyMjQ2MzdaMDExCzAJBgNVBAYTAkRFMRAwDgYDVQQKDAdFeGFtcGxlMRAwDgYDVQQDDAdzZXJ2',
  'aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfVHLFUPFhW0C3b/cjCKcJph+4xnICsTdVHl146ke5+gUo+WEirLAV2dm1ak944pVzgVtJlRJX6H7Kmgc',
  '/VQ4v6NvMG0wHQYDVR0OBBYEFJ/1IeJSSc6fEdXRdVNedgMbJXmqMB8GA1UdIwQYMBaAFJ/1IeJSSc6fEdXRdVNedgMbJXmqMA8GA1UdEwEB/wQFMAMBAf8w',
  'GgYDVR0RBBMwEYIPc2VydmljZS5leGFtcGxlMAoGCCqGSM49BAMCA0kAMEYCIQDNUaAj3qsV2j9Y0g6VkM3i3xXbo9H+sHxEwZLg7ILWcQIhAL6I9CQccZAq',
  '8klTGdD5Sl6xTAlNwuHw7JxXb8rikpHE',
])

/** The same of another service. */
export const OTHER_CERTIFICATE = readCertificate([
  'MIIBzzCCAXWgAwIBAgIUWko9JRTXvW1YMFyapsrmyn0SI0owCgYIKoZIzj0EAwIwLzELMAkGA1UEBhMCREUxEDAOBgNVBAoMB0V4YW1wbGUxDjAMBgNVBAMM',
  'BW90aGVyMCAXDTI2MTEyNDIyNDYzN1oYDzIxMjYxMDMxMjI0NjM3WjAvMQswCQYDVQQGEwJERTEQMA4GA1UECgwHRXhhbXBsZTEOMAwGA1UEAwwFb3RoZXIw',
  'WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATC82E/Th0G1a+eCU40GQGH15ILduxNTNfiXm8uFEBA+SC38AZsKiJd9kE1HaLQZY+YVqvTwIDarAao8wjp274o',
  'o20wazAdBgNVHQ4EFgQUqAHxW2tUjt53DwDct9GuOphWXuwwHwYDVR0jBBgwFoAUqAHxW2tUjt53DwDct9GuOphWXuwwDwYDVR0TAQH/BAUwAwEB/zAYBgNV',
  'HREEETAPgg1vdGhlci5leGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIQCayTXKKS+9fveIzTV2XjZjVPFBF6wZiL+UKwyBLRLWnAIgEtTxqgEAjxDUCHneMG4f',
  'q9AgrRaj+OsU690SACmNtMk=',
])

/**
 * The subject is `serialNumber=47,emailAddress=Ops@Example.org,OU=a+CN=Till [O umlaut],O=Example\\, Inc #1\\+x,C=DE`, and the names are Service.Example,
 * 2001:db8::1, 192.0.2.7, spiffe://example/till, https://example.org/a,b?c=d and Ops@Example.org.
 */
export const NAMES_CERTIFICATE = readCertificate([
  'MIIChDCCAiqgAwIBAgIUPl42Pjbn1SpATl1nH+pOF77PZM4wCgYIKoZIzj0EAwIwcjELMAkGA1UEBhMCREUxGjAYBgNVBAoMEUV4YW1wbGUsIEluYyAjMSt4',
  'MRowCAYDVQQLDAFhMA4GA1UEAwwHVGlsbCDDljEeMBwGCSqGSIb3DQEJARYPT3BzQEV4YW1wbGUub3JnMQswCQYDVQQFEwI0NzAgFw0yNjEyMDIwMjI3NDha',
  'GA8yMTI2MTEwODAyMjc0OFowcjELMAkGA1UEBhMCREUxGjAYBgNVBAoMEUV4YW1wbGUsIEluYyAjMSt4MRowCAYDVQQLDAFhMA4GA1UEAwwHVGlsbCDDljEe',
  'MBwGCSqGSIb3DQEJARYPT3BzQEV4YW1wbGUub3JnMQswCQYDVQQFEwI0NzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOfQaIfoDGdxbVBh254Zz91Z4enW',
  '4SsOkcWUNTkxr+pdILh+CInpSNQqJJ6v71PgPzwJxHZvKHbeihD0jScPnxijgZswgZgwdwYDVR0RBHAwboIPU2VydmljZS5FeGFtcGxlhxAgAQ24AAAAAAAA',
  'AAAAAAABhwTAAAIHhhVzcGlmZmU6Ly9leGFtcGxlL3RpbGyGG2h0dHBzOi8vZXhhbXBsZS5vcmcvYSxiP2M9ZIEPT3BzQEV4YW1wbGUub3JnMB0GA1UdDgQW',
  'BBSnwphJFhvTZ/QQRvdHQH+98e2i6TAKBggqhkjOPQQDAgNIADBFAiBc7+vNyoLP3SMyYAMJJuQ1NXKor9v0bxLW9MEncP22QwIhANyCUPnioFB4jdV97VDO',
  '0ws+QgJZRufrOFJAyu6IYXYi',
])

/** Without a subject; a.example as a DNS name. */
export const NAMELESS_CERTIFICATE = readCertificate([
  'MIIBbDCCARGgAwIBAgIUSwUWDVTgn5QXA1ruJ46UWrhYdhYwCgYIKoZIzj0EAwIwADAeFw0yNjEyMDIwMzIyMjJaFw0yNzAxMDEwMzIyMjJaMAAwWTATBgcq',
  'hkjOPQIBBggqhkjOPQMBBwNCAARkF7qKOONatp172K8ko8dXv7ywZpB55EekLTuiODSU9+3VNP9rFqnfR+MRET4U7nX2esb5RlZuGgvpYN/0F3F8o2kwZzAd',
  'BgNVHQ4EFgQUuM9R8tq2ngDbx1z5LYZ904KoaeYwHwYDVR0jBBgwFoAUuM9R8tq2ngDbx1z5LYZ904KoaeYwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTAL',
  'gglhLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhAN1ssJEMKWDhCXvZkncFVqe2v3j87UURF/qWpolFR6tiAiEA5cXV6iIkV9GBg/JSvExIyAn29mcf0gMY',
  'bYv5qfYqceM=',
])

/** What the gateway finds in the header of a named proxy. */
export function certificateOf({ headers }: IncomingMessage): ClientCertificate | undefined {
  const { 'x-test-certificate': encoded, 'x-test-verified': verified } = headers
  if (typeof encoded !== 'string') return undefined
  const certificate = new X509Certificate(Buffer.from(encoded, 'base64'))
  return { certificate, thumbprint: sha256(certificate.raw), isVerified: verified === 'yes' }
}
