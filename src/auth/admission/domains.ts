// Domains of addresses, as an app names them: `example.org` is that one, `*.example.org` is all below it.
export function isWithin(domain: string, named: readonly string[]): boolean {
  return named.some((name) => {
    const rule = name.toLowerCase()
    return rule.startsWith('*.') ? domain.endsWith(rule.slice(1)) : domain === rule
  })
}
