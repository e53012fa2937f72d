// A content security policy report, or several that say the same.
import { z } from '#kernel/schema.ts'

const shared = {
  id: z.string(),
  /** Without query and fragment: they may hold secrets of a person. */
  documentUri: z.string().max(300),
  directive: z.string().max(100),
  blockedUri: z.string().max(300),
  /** How many came within some seconds. */
  count: z.int().min(1),
}

export const policyReport = z.object({ ...shared, at: z.number(), expiresAt: z.number() })
export type PolicyReport = z.infer<typeof policyReport>

export const policyReportList = z.strictObject({ items: z.array(z.strictObject({ ...shared, at: z.iso.datetime() })) })
export type PolicyReportList = z.infer<typeof policyReportList>
