// The settings of monitoring.
import { setting } from '#kernel/setting.ts'

export const monitoringConfig = {
  retentionDays: setting.integer({ default: 30, min: 1, max: 365, about: 'Days that the request log is kept' }),
  pseudonymise: setting.flag({
    default: true,
    about: 'Whether the request log keeps a pseudonym of the client address of the day; without, none at all',
  }),
}
