// Two certificates of clients, self-signed and without their keys: whoever ends TLS has checked that the client has the key.
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

/** What the gateway finds in the header of a named proxy. */
export function certificateOf({ headers }: IncomingMessage): ClientCertificate | undefined {
  const { 'x-test-certificate': encoded, 'x-test-verified': verified } = headers
  if (typeof encoded !== 'string') return undefined
  const certificate = new X509Certificate(Buffer.from(encoded, 'base64'))
  return { certificate, thumbprint: sha256(certificate.raw), isVerified: verified === 'yes' }
}
