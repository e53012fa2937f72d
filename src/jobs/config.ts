// The settings of jobs and mail.
import { setting } from '#kernel/setting.ts'

export const jobsConfig = {
  smtpUrl: setting.secret('Mail server, as smtp://user:password@host:port; needed in production'),
  webhooksAnywhere: setting.flag({ default: false, about: 'Webhooks may lead to addresses of private networks too, by HTTPS' }),
  mailFrom: setting.text({ default: 'Ninefold <no-reply@localhost>', about: 'Sender of every mail' }),
}
