// The settings of the gateway.
import { setting } from '#kernel/setting.ts'

export const gatewayConfig = {
  host: setting.text({ default: '127.0.0.1', about: 'Address to listen on' }),
  port: setting.integer({ default: 8080, min: 0, max: 65_535, about: 'Port to listen on' }),
  trustedProxies: setting.list('Addresses of proxies whose X-Forwarded-For is believed; empty believes none'),
  clientCertificateHeader: setting.optionalText(
    'Header in which a trusted proxy sends the TLS certificate of a client (RFC 9440 or percent-encoded PEM), such as Client-Cert',
  ),
  clientCertificateVerifiedHeader: setting.optionalText(
    'Header in which a trusted proxy says SUCCESS when an authority has issued that certificate, such as X-Client-Verify',
  ),
  clientCertificateHost: setting.optionalText(
    'Label of a host of its own at which the proxy asks for certificates, such as mtls: the metadata then names it for clients that have one',
  ),
  rateLimitFactor: setting.integer({
    default: 1,
    min: 1,
    max: 1_000_000,
    about: 'Multiplies every rate limit, for measurements and for offices behind one address',
  }),
}
