// Passkeys in a real Chromium, with an authenticator that the browser's own developer protocol stands in for.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { launchBrowser, withoutChromium } from '../support/browser.ts'
import { signInTab } from '../support/browser-person.ts'
import { signUp } from '../support/person.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

let platform: PlatformProcess
let browser: Browser

interface Device {
  readonly cdp: CDPSession
  readonly id: string
}

/** A phone of the person: it asks for the finger, and keeps passkeys that name their account. */
async function deviceOf(page: Page): Promise<Device> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, id: authenticatorId }
}

/** A browser that offers passkeys in no field, as some are. */
const withoutAutofill = (page: Page): Promise<unknown> =>
  page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false')

const signInAddress = (): string => `${platform.origin('diary')}/session/sign-in?return_to=/`

async function newPerson(name: string): Promise<{ context: BrowserContext; page: Page; email: string }> {
  const email = `${name}@example.org`
  await signUp(platform, email)
  const context = await browser.newContext()
  return { context, page: await signInTab(context, platform, email), email }
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto(`${platform.origin('accounts')}/account`)
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await page.getByLabel('A name for it').fill(name)
  await page.getByRole('button', { name: 'Create passkey' }).click()
  await page.getByText('Your passkey is ready').waitFor()
}

describe('passkeys', { skip: withoutChromium }, () => {
  before(async () => {
    platform = await startPlatform()
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await platform.stop({ remove: true })
  })

  test('a person adds a passkey, and signs in with it by the button', async () => {
    const { context, page } = await newPerson('button')
    await deviceOf(page)
    await addPasskey(page, 'My phone')
    assert.match(await page.content(), /My phone/)
    await context.clearCookies()
    await withoutAutofill(page)
    await page.goto(signInAddress())
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.waitForURL(`${platform.origin('diary')}/`)
    await context.close()
  })

  test('the email field offers the passkey by itself', async () => {
    const { context, page } = await newPerson('autofill')
    await deviceOf(page)
    await addPasskey(page, 'My phone')
    await context.clearCookies()
    await page.goto(signInAddress())
    await page.waitForURL(`${platform.origin('diary')}/`)
    await context.close()
  })

  test('a passkey that was removed on the account page signs in no more', async () => {
    const { context, page } = await newPerson('removed')
    await deviceOf(page)
    await addPasskey(page, 'My phone')
    await page.getByRole('button', { name: 'Remove My phone' }).click()
    await page.getByText('The passkey is removed').waitFor()
    await context.clearCookies()
    await withoutAutofill(page)
    await page.goto(signInAddress())
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('alert').getByText('This passkey opens no account here').waitFor()
    await context.close()
  })

  test('a copy of a passkey is noticed when its count goes back', async () => {
    const { context, page } = await newPerson('copied')
    const { cdp, id: authenticatorId } = await deviceOf(page)
    await addPasskey(page, 'My phone')
    await withoutAutofill(page)
    const usePasskey = async (): Promise<void> => {
      await context.clearCookies()
      await page.goto(signInAddress())
      await page.getByRole('button', { name: 'Use a passkey' }).click()
    }
    await usePasskey()
    await page.waitForURL(`${platform.origin('diary')}/`)
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
    const [credential] = credentials
    assert.ok(credential && credential.signCount > 1)
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } })
    await usePasskey()
    await page.getByRole('alert').getByText('This passkey opens no account here').waitFor()
    await context.close()
  })

  test('an answer to the challenge of another browser is refused', async () => {
    const { context, page } = await newPerson('elsewhere')
    await deviceOf(page)
    await addPasskey(page, 'My phone')
    await context.clearCookies()
    await withoutAutofill(page)
    // The script may ask, and what it would send is kept back.
    await page.addInitScript('HTMLFormElement.prototype.submit = function () { window.kept = this.elements.answer.value }')
    await page.goto(signInAddress())
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    const answer = await until('the answer', () => page.evaluate<string | undefined>('window.kept'))
    const thief = await browser.newContext()
    const other = await thief.newPage()
    await withoutAutofill(other)
    await other.goto(signInAddress())
    await other.evaluate(`{
      const form = document.querySelector('form[data-passkey]')
      form.elements.answer.value = ${JSON.stringify(answer)}
      form.submit()
    }`)
    await other.getByRole('alert').getByText('This passkey opens no account here').waitFor()
    await thief.close()
    await context.close()
  })
})
