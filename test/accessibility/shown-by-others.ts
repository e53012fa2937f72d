// Routes of pages that no state shows, and why.

/** Forms whose every refusal is the page of another state, and what always redirects. */
export const SHOWN_BY_OTHERS: Readonly<Record<string, string>> = {
  'POST /account/organisations/:id/services/:service/roles': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/services/:service/secret': 'shows the secret, as making the account does',
  'POST /account/organisations/:id/services/:service/use-secret': 'shows the secret, as making the account does',
  'POST /account/organisations/:id/services/:service/use-key':
    'shows the page of the organisation, with what is wrong with the key, or redirects',
  'POST /account/organisations/:id/services/:service/scopes': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/services/:service/key':
    'shows the page of the organisation, with what is wrong with the key, or redirects',
  'POST /account/organisations/:id/services/:service/end-earlier': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/services/:service/remove': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/activate': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/leave': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/members/:accountId/roles': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/members/:accountId/remove': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/invitations/:invitation/resend': 'shows the page of the organisation, or redirects',
  'POST /account/organisations/:id/invitations/:invitation/revoke': 'shows the page of the organisation, or redirects',
  'POST /account/sign-out': 'always redirects',
  'POST /account/data': 'downloads, or asks to sign in again',
  'POST /account/sessions/:id/end': 'always redirects',
  'POST /account/apps/revoke': 'always redirects',
  'POST /account/identities/:id/unlink': 'always redirects',
  'POST /account/passkeys/:id/remove': 'always redirects',
  'POST /account/second-step/remove': 'always redirects',
  'POST /interaction/:uid/go-on': 'shows that the sign-in has ended, as GET does, or redirects',
  'POST /interaction/:uid/start-over': 'shows that the sign-in has ended, as GET does, or redirects',
}
