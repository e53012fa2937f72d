// What hooks of the app may answer. Node strips types without reading them, and an answer of another shape is no answer.
import { z } from '#kernel/schema.ts'
import type { SignInAnswer, SignUpAnswer, TokenAnswer } from './contract.ts'

/** In bytes, as JSON. Claims travel with every request; what a token can have in all is looked at when it is made (provider/token-sizes.ts). */
const MAX_CLAIMS = 1024

const words = z.string().min(1).max(500)

export const signUpAnswer = z
  .union([
    z.strictObject({ refuse: z.strictObject({ message: words, field: z.enum(['name', 'email']).exactOptional() }) }),
    z.strictObject({ name: z.string().exactOptional() }),
  ])
  .optional() satisfies z.ZodType<SignUpAnswer>

export const signInAnswer = z.strictObject({ refuse: words }).optional() satisfies z.ZodType<SignInAnswer>

const claims = z.record(z.string(), z.json()).check(({ value, issues }) => {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  const message = `must be ${MAX_CLAIMS} bytes of JSON at most, and has ${bytes}: put less into it, and look the rest up where it is needed`
  if (bytes > MAX_CLAIMS) issues.push({ code: 'custom', message, input: value })
})

export const tokenAnswer = z
  .strictObject({ accessToken: claims.exactOptional(), idToken: claims.exactOptional() })
  .optional() satisfies z.ZodType<TokenAnswer | undefined>
