// What hooks of the app may answer. Node strips types without reading them, and an answer of another shape is no answer.
import { z } from '#kernel/schema.ts'
import type { SignInAnswer, SignUpAnswer, TokenAnswer } from './contract.ts'

/** Claims travel with every request, in a cookie of 4096 bytes among others. */
const MAX_CLAIMS = 1024

const words = z.string().min(1).max(500)

export const signUpAnswer = z
  .union([
    z.strictObject({ refuse: z.strictObject({ message: words, field: z.enum(['name', 'email']).exactOptional() }) }),
    z.strictObject({ name: z.string().exactOptional() }),
  ])
  .optional() satisfies z.ZodType<SignUpAnswer>

export const signInAnswer = z.strictObject({ refuse: words }).optional() satisfies z.ZodType<SignInAnswer>

const claims = z
  .record(z.string(), z.json())
  .refine((value) => JSON.stringify(value).length <= MAX_CLAIMS, `must be ${MAX_CLAIMS} characters of JSON at most`)

export const tokenAnswer = z
  .strictObject({ accessToken: claims.exactOptional(), idToken: claims.exactOptional() })
  .optional() satisfies z.ZodType<TokenAnswer | undefined>
