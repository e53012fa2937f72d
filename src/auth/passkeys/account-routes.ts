// Passkeys on the account page: add, rename, remove.
import { type Answer, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { accountActions, doneAnswer, ownerOf, type SignedIn } from '../pages/account-actions.ts'
import {
  csrfToken,
  deviceNameOf,
  emptyForm,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  refused,
  skinOf,
} from '../pages/handling.ts'
import { stayKnown } from '../pages/stay-known.ts'
import { addPasskeyPage } from './pages.ts'
import { accountPlace } from './places.ts'
import { answerText } from './schemas.ts'

const common = {
  site: 'accounts',
  allow: {
    who: 'handler',
    reason: 'For the person whose sign-in cookie of the accounts origin the browser holds, and who has signed in lately.',
  },
  rate: 'page',
  answers: formAnswers,
} as const
const addForm = z.strictObject({ csrf_token: csrfToken, name: formText, answer: answerText })
const nameForm = z.strictObject({ csrf_token: csrfToken, name: formText })
const owned = z.strictObject({ id: z.string().min(1).max(128) })

export function passkeyAccountRoutes(parts: PageParts): Route[] {
  const { lately, toFill } = accountActions(parts)
  const add = adding(parts)
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/passkeys/add',
      summary: 'Asks the device for a passkey',
      handle: friendly(parts, (call, _input, exchange) =>
        toFill(call, exchange, { returnTo: '/account/passkeys/add', run: (who) => add.show(who) }),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/passkeys/add',
      summary: 'Add a passkey',
      body: 'form',
      input: { body: addForm },
      handle: friendly(parts, (call, { body }, exchange) =>
        lately(call, exchange, { returnTo: '/account/passkeys/add', run: (who) => add.submit(who, body) }),
      ),
    }),
    ...keepingRoutes(parts),
  ]
}

function keepingRoutes(parts: PageParts): Route[] {
  const { lately, signedIn, show } = accountActions(parts)
  const { passkeys } = parts
  return [
    route({
      ...common,
      method: 'POST',
      path: '/account/passkeys/:id/name',
      summary: 'Give a passkey another name',
      body: 'form',
      input: { params: owned, body: nameForm },
      handle: friendly(parts, (call, { params, body }, exchange) =>
        signedIn(call, exchange, async (who) => {
          try {
            const renamed = await passkeys.rename(call, { id: params.id, accountId: who.session.accountId }, body.name)
            // One that was removed in another tab: the page shows what there is.
            return renamed ? doneAnswer(parts, who, 'passkey-renamed') : seeOther('/account')
          } catch (error) {
            const typed = { passkey: params.id, name: body.name }
            return show(who, { section: 'passkeys', failure: formFailure(skinOf(parts, exchange).texts, error, typed) })
          }
        }),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/passkeys/:id/remove',
      summary: 'Remove a passkey',
      body: 'form',
      input: { params: owned, body: emptyForm },
      handle: friendly(parts, (call, { params }, exchange) =>
        lately(call, exchange, {
          async run(who) {
            const gone = { id: params.id, accountId: who.session.accountId, by: whence(exchange) }
            const outcome = await stayKnown(parts, who, {
              run: () => passkeys.remove(call, gone),
              emailAfter: (removed, email) => (removed === 'removed' ? email : undefined),
            })
            return doneAnswer(parts, who, outcome === 'last' ? 'passkey-last' : 'passkey-removed')
          },
        }),
      ),
    }),
  ]
}

interface Adding {
  show(who: SignedIn, failure?: FormFailure): Promise<Answer>
  submit(who: SignedIn, typed: { name: string; answer: string }): Promise<Answer>
}

function adding(parts: PageParts): Adding {
  const { accounts, engine, passkeys } = parts

  const show: Adding['show'] = async ({ call, exchange, session }, failure) => {
    const owner = await accounts.find(call, session.accountId)
    if (owner === undefined) return seeOther(engine.signInPath('/account'))
    // The section says what comes first.
    if (!owner.emailVerified) return seeOther('/account#passkeys')
    const view = {
      options: await passkeys.creationOptions(call, owner, accountPlace(exchange, session)),
      csrfToken: exchange.csrfToken(),
      name: failure?.state.values?.['name'] ?? deviceNameOf(parts, exchange),
      state: failure?.state ?? {},
    }
    return formPage(addPasskeyPage(skinOf(parts, exchange), view), failure)
  }

  return {
    show,
    async submit(who, { name, answer }) {
      const { call, exchange, session } = who
      const { texts } = skinOf(parts, exchange)
      const owner = await ownerOf(parts, who)
      if (owner === undefined) return seeOther(engine.signInPath('/account'))
      try {
        const place = accountPlace(exchange, session)
        const added = await passkeys.add(call, owner, { place, answer, name, client: exchange.client, by: whence(exchange) })
        if (added !== undefined) return doneAnswer(parts, who, 'passkey-added')
        return await show(who, refused({ values: { name }, problem: texts.passkeys.notAdded }))
      } catch (error) {
        return show(who, formFailure(texts, error, { name }))
      }
    },
  }
}
