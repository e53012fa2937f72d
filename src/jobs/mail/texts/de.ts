// The words of every mail in German, in the formal address.
import type { WaysIn } from '../../contract.ts'
import type { LeftBehind, MailTexts } from './en.ts'

const codeWarning = [
  'Sagen Sie ihn niemandem: Wer danach fragt, will in Ihr Konto.',
  'Das waren nicht Sie? Dann müssen Sie nichts tun: Ohne ihn kommt niemand hinein.',
]

/** Within which; the other is for how long. */
const days = (count: string): string => (Number(count) === 1 ? 'einem Tag' : `${count} Tagen`)
const forDays = (count: string): string => (Number(count) === 1 ? 'einen Tag' : `${count} Tage`)

const lockOut = ({ password }: WaysIn): string => `${password ? ', ändern Sie Ihr Passwort' : ''} und melden Sie alle anderen Sitzungen ab`

const everyWay = ({ password }: WaysIn): string => (password ? 'jeder Zugang samt dem Passwort' : 'jeder Zugang')

const leftBehind = ({ ending, ownerless }: LeftBehind): readonly string[] => [
  ...(ending === '' ? [] : [`Organisationen, die mit ihm aufgelöst werden, falls sie bis dahin keinen anderen Inhaber haben: ${ending}.`]),
  ...(ownerless === ''
    ? []
    : [`Organisationen, die dann keinen Inhaber mehr haben, falls bis dahin niemand sonst dazu gemacht wird: ${ownerless}.`]),
]

const SOME_APP = 'eine App'
const ofApp = (app: string): string => (app === '' ? 'einer App' : `von ${app}`)

export const de: MailTexts = {
  locale: 'de-DE',
  someApp: SOME_APP,
  copyLink: 'Oder kopieren Sie diese Adresse in Ihren Browser:',
  reason: (product) => `${product} schickt Ihnen das, weil mit dieser Adresse etwas getan wurde. Antworten werden hier nicht gelesen.`,

  confirmAddress: ({ link, minutes }, product) => ({
    subject: `Bestätigen Sie Ihre Adresse für ${product}`,
    preview: `Ein Klick, und Ihr Konto ist bereit. Der Link gilt ${minutes} Minuten lang.`,
    heading: 'Bestätigen Sie Ihre Adresse',
    paragraphs: [
      `Jemand, hoffentlich Sie selbst, hat sich gerade mit dieser Adresse bei ${product} registriert. Bestätigen Sie, dass sie Ihnen gehört, und das Konto ist bereit.`,
    ],
    button: { words: 'Meine Adresse bestätigen', link },
    small: [
      `Der Link gilt einmal und ${minutes} Minuten lang.`,
      'Das waren nicht Sie? Dann müssen Sie nichts tun: Ohne den Link entsteht kein Konto, und niemand sonst kann Ihre Adresse verwenden.',
    ],
  }),

  alreadyRegistered: ({ name, link }, product) => ({
    subject: `Sie haben schon ein Konto bei ${product}`,
    preview: 'Jemand wollte sich mit Ihrer Adresse registrieren. Ihr Konto ist unverändert.',
    heading: `Willkommen zurück, ${name}`,
    paragraphs: [
      `Jemand, vielleicht Sie selbst, wollte sich mit dieser Adresse bei ${product} registrieren. Zu ihr gibt es schon ein Konto, also war nichts anzulegen: Melden Sie sich einfach an.`,
    ],
    button: { words: 'Anmelden', link },
    small: [
      'Das waren nicht Sie? Dann ist nichts zu tun. Ihr Konto ist unverändert, und wer es versucht hat, hat nichts darüber erfahren.',
    ],
  }),

  resetPassword: ({ name, link, minutes }, product) => ({
    subject: `Neues Passwort für ${product}`,
    preview: `Der Link gilt einmal und ${minutes} Minuten lang.`,
    heading: 'Neues Passwort wählen',
    paragraphs: [
      `Hallo ${name}, jemand, hoffentlich Sie selbst, hat ein neues Passwort für Ihr Konto bei ${product} angefordert. Mit diesem Link wählen Sie es.`,
    ],
    button: { words: 'Neues Passwort wählen', link },
    small: [
      `Der Link gilt einmal und ${minutes} Minuten lang. Alles, was angemeldet ist, wird dabei abgemeldet.`,
      'Das waren nicht Sie? Dann müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.',
    ],
  }),

  newPasskey: ({ name, link, minutes }, product) => ({
    subject: `Neuer Passkey für ${product}`,
    preview: `Der Link gilt einmal und ${minutes} Minuten lang.`,
    heading: 'Neuen Passkey erstellen',
    paragraphs: [
      `Hallo ${name}, jemand, hoffentlich Sie selbst, hat einen neuen Passkey für Ihr Konto bei ${product} angefordert. Öffnen Sie diesen Link auf dem Gerät, das ihn haben soll.`,
    ],
    button: { words: 'Neuen Passkey erstellen', link },
    small: [
      `Der Link gilt einmal und ${minutes} Minuten lang. Alles, was angemeldet ist, wird dabei abgemeldet.`,
      'Das waren nicht Sie? Dann müssen Sie nichts tun: Ihre Passkeys bleiben, wie sie sind. Geben Sie den Link niemandem, wer auch danach fragt.',
    ],
  }),

  askForPasskey: ({ name }, product) => ({
    subject: `Ihr Passkey für ${product}`,
    preview: 'Bei Ihrem Konto müssen die Betreiber helfen.',
    heading: 'Haben Sie Ihren Passkey verloren?',
    paragraphs: [
      `Hallo ${name}, jemand, hoffentlich Sie selbst, hat einen neuen Passkey für Ihr Konto bei ${product} angefordert. Bei diesem Konto genügt ein Postfach nicht. Schreiben Sie deshalb den Betreibern von ${product}: Wenn sie wissen, dass Sie es sind, schicken sie Ihnen einen Link.`,
    ],
    small: ['Das waren nicht Sie? Dann müssen Sie nichts tun: Ihre Passkeys bleiben, wie sie sind.'],
  }),

  noAccount: ({ link }, product) => ({
    subject: `Kein Konto bei ${product}`,
    preview: 'Zu dieser Adresse gibt es kein Konto.',
    heading: 'Zu dieser Adresse gibt es kein Konto',
    paragraphs: [
      `Jemand, vielleicht Sie selbst, wollte mit dieser Adresse zu ${product}, aber zu ihr gibt es kein Konto. Vielleicht haben Sie sich mit einer anderen registriert.`,
    ],
    button: { words: 'Konto anlegen', link },
    small: ['Das waren nicht Sie? Dann ist nichts zu tun, und niemand hat etwas über Sie erfahren.'],
  }),

  signInCode: ({ name, code, minutes }, product) => ({
    subject: `${code} ist Ihr Code für ${product}`,
    preview: `Er gilt ${minutes} Minuten lang, dort, wo Sie ihn angefordert haben.`,
    heading: code,
    paragraphs: [
      `Hallo ${name}, das ist Ihr Code für die Anmeldung bei ${product}. Geben Sie ihn innerhalb von ${minutes} Minuten dort ein, wo Sie ihn angefordert haben.`,
    ],
    small: codeWarning,
  }),

  signInLink: ({ name, link, minutes }, product) => ({
    subject: `Bei ${product} anmelden`,
    preview: `Der Link gilt einmal und ${minutes} Minuten lang.`,
    heading: `Bei ${product} anmelden`,
    paragraphs: [
      `Hallo ${name}, öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben, und drücken Sie dort die Schaltfläche.`,
    ],
    button: { words: 'Anmelden', link },
    small: [`Der Link gilt einmal und ${minutes} Minuten lang. Auf einem anderen Gerät zeigt er einen Code zum Eingeben.`, ...codeWarning],
  }),

  signInCodeOrLink: ({ name, code, link, minutes }, product) => ({
    subject: `${code} ist Ihr Code für ${product}`,
    preview: `Er gilt ${minutes} Minuten lang, dort, wo Sie ihn angefordert haben.`,
    heading: code,
    paragraphs: [
      `Hallo ${name}, das ist Ihr Code für die Anmeldung bei ${product}. Geben Sie ihn dort ein, wo Sie ihn angefordert haben, oder öffnen Sie dort diesen Link.`,
    ],
    button: { words: 'Anmelden', link },
    small: [`Code und Link gelten einmal und ${minutes} Minuten lang.`, ...codeWarning],
  }),

  accountBlocked: ({ name }, product) => ({
    subject: `Ihr Konto bei ${product} ist gesperrt`,
    preview: 'Zurzeit kann sich niemand damit anmelden.',
    heading: 'Ihr Konto ist gesperrt',
    paragraphs: [
      `Hallo ${name}, jemand, vielleicht Sie selbst, wollte in Ihr Konto bei ${product}. Es ist zurzeit gesperrt, deshalb kann sich niemand damit anmelden.`,
    ],
    small: [`Fragen Sie die Betreiber von ${product}, wenn Sie den Grund nicht kennen.`],
  }),

  confirmNewAddress: ({ link, minutes }, product) => ({
    subject: `Bestätigen Sie Ihre neue Adresse für ${product}`,
    preview: `Der Link gilt einmal und ${minutes} Minuten lang.`,
    heading: 'Bestätigen Sie Ihre neue Adresse',
    paragraphs: [
      `Diese Adresse soll die Ihres Kontos bei ${product} werden. Öffnen Sie diesen Link dort, wo Sie angemeldet sind, und bestätigen Sie sie.`,
    ],
    button: { words: 'Neue Adresse bestätigen', link },
    small: [
      `Der Link gilt einmal und ${minutes} Minuten lang.`,
      'Das waren nicht Sie? Dann müssen Sie nichts tun: Ohne den Link ändert sich nichts.',
    ],
  }),

  addressChanged: ({ name, address, link, days: count }, product) => ({
    subject: `Die Adresse Ihres Kontos bei ${product} wurde geändert`,
    preview: `Wenn Sie das nicht waren, können Sie es ${forDays(count)} lang rückgängig machen.`,
    heading: 'Die Adresse Ihres Kontos wurde geändert',
    paragraphs: [
      `Hallo ${name}, Ihr Konto bei ${product} hat jetzt die Adresse ${address}. E-Mails dazu gehen von nun an dorthin; hierher ist diese die letzte.`,
      'Wenn Sie das nicht waren, machen Sie es rückgängig: Das Konto bekommt wieder diese Adresse, alle werden abgemeldet, und wir sagen Ihnen, wie Sie hineinkommen.',
    ],
    button: { words: 'Das war ich nicht: rückgängig machen', link },
    small: [`Der Link gilt ${forDays(count)} lang. Wenn Sie es waren, ist nichts zu tun.`],
  }),

  addressRestored: ({ name, when }, product, { password, needsPasskey }) => ({
    subject: `Ihr Konto bei ${product} hat wieder die frühere Adresse`,
    preview: 'Alle wurden abgemeldet. So kommen Sie hinein.',
    heading: 'Die Adressänderung wurde rückgängig gemacht',
    paragraphs: [
      `Hallo ${name}, die Änderung der Adresse Ihres Kontos bei ${product} wurde mit einem Link aus einer E-Mail an diese Adresse rückgängig gemacht: ${when}. Sie ist wieder die des Kontos. Alle wurden abgemeldet.`,
      password
        ? 'Das Passwort ist entfernt: Setzen Sie bei der Anmeldung über „Passwort vergessen?“ ein neues.'
        : needsPasskey
          ? 'Melden Sie sich an und sehen Sie nach, ob alles so ist, wie Sie es verlassen haben. Wenn kein Passkey von Ihnen mehr da ist, erstellen Sie bei der Anmeldung über „Passkey verloren?“ einen neuen.'
          : 'Melden Sie sich an und sehen Sie nach, ob alles so ist, wie Sie es verlassen haben.',
    ],
    small: [`Wenn Sie nicht wissen, was hier geschehen ist, sagen Sie es den Betreibern von ${product}.`],
  }),

  addressTakenBack: ({ name, when }, product) => ({
    subject: `Ihr Konto bei ${product} hat wieder die frühere Adresse`,
    preview: 'Alle wurden abgemeldet.',
    heading: 'Die Adressänderung wurde rückgängig gemacht',
    paragraphs: [
      `Hallo ${name}, die Änderung der Adresse Ihres Kontos bei ${product} auf diese wurde aus dem früheren Postfach rückgängig gemacht: ${when}. Alle wurden abgemeldet; hierher ist dies die letzte E-Mail zu dem Konto.`,
    ],
    small: [
      `Haben Sie die Adresse selbst geändert? Dann hat jemand anders Ihr früheres Postfach: Sagen Sie es sofort den Betreibern von ${product}.`,
    ],
  }),

  addressWhileBlocked: ({ name, when }, product) => ({
    subject: `Ihr Konto bei ${product} hat diese Adresse und ist gesperrt`,
    preview: 'Schreiben Sie den Betreibern.',
    heading: 'Ihr Konto ist noch gesperrt',
    paragraphs: [
      `Hallo ${name}, dem Link in einer E-Mail an diese Adresse wurde gefolgt: ${when}. Seitdem hat Ihr Konto bei ${product} diese Adresse. Alle wurden abgemeldet.`,
      `Das Konto ist gesperrt, deshalb kann sich noch niemand anmelden: Schreiben Sie den Betreibern von ${product}; diese können Sie wieder hereinlassen.`,
    ],
    small: ['Wenn Sie nicht wissen, was hier geschehen ist, schreiben Sie ihnen auch das.'],
  }),

  addressOffered: ({ link, days: count }, product, ways) => ({
    subject: `Ein Konto bei ${product} übernehmen`,
    preview: `Der Link gilt ${forDays(count)} lang.`,
    heading: 'Ein Konto kann wieder Ihres sein',
    paragraphs: [
      `Die Betreiber von ${product} geben ein Konto an dieses Postfach, weil jemand sie darum gebeten hat. Wenn Sie es übernehmen, hat es diese Adresse, alle werden abgemeldet, und ${everyWay(ways)} wird entfernt.`,
    ],
    button: { words: 'Das Konto übernehmen', link },
    small: [
      `Der Link gilt einmal und ${forDays(count)} lang.`,
      'Sie haben nicht darum gebeten? Dann müssen Sie nichts tun: Ohne den Link ändert sich nichts.',
    ],
  }),

  addressTaken: ({ name, when }, product, ways) => ({
    subject: `Ihr Konto bei ${product} hat jetzt diese Adresse`,
    preview: 'Alle wurden abgemeldet. So kommen Sie hinein.',
    heading: 'Ihr Konto hat jetzt diese Adresse',
    paragraphs: [
      `Hallo ${name}, Sie sind dem Link gefolgt, mit dem die Betreiber von ${product} Ihnen dieses Konto gegeben haben: ${when}. Alle wurden abgemeldet, und ${everyWay(ways)} ist entfernt.`,
      ways.password
        ? 'Setzen Sie bei der Anmeldung über „Passwort vergessen?“ ein neues Passwort.'
        : ways.needsPasskey
          ? 'Erstellen Sie bei der Anmeldung über „Passkey verloren?“ einen neuen Passkey.'
          : 'Melden Sie sich mit dieser Adresse per E-Mail an.',
    ],
    small: [`Sie sind keinem solchen Link gefolgt? Dann sagen Sie es sofort den Betreibern von ${product}.`],
  }),

  addressGiven: ({ name, when }, product, ways) => ({
    subject: `Ihr Konto bei ${product} hat eine andere Adresse`,
    preview: 'Alle wurden abgemeldet.',
    heading: 'Ihr Konto hat eine andere Adresse',
    paragraphs: [
      `Hallo ${name}, die Betreiber von ${product} haben Ihr Konto an ein anderes Postfach gegeben, und dort wurde dem Link gefolgt: ${when}. Alle wurden abgemeldet, und ${everyWay(ways)} ist entfernt.`,
    ],
    small: [`Wenn das nicht mit Ihnen abgesprochen ist, sagen Sie es sofort den Betreibern von ${product}.`],
  }),

  deletionRequested: ({ name, link, days: count, ...left }, product) => ({
    subject: `Ihr Konto bei ${product} wird gelöscht`,
    preview: `In ${days(count)}. Um es zu behalten, melden Sie sich vorher an.`,
    heading: 'Ihr Konto wird gelöscht',
    paragraphs: [
      `Hallo ${name}, in ${days(count)} sind Ihr Konto bei ${product} und alles darin endgültig gelöscht. Sie sind überall abgemeldet.`,
      ...leftBehind(left),
      'Wenn Sie es behalten möchten, oder wenn Sie das nicht waren, melden Sie sich vorher an: Damit ist es abgesagt.',
    ],
    button: { words: 'Anmelden und das Konto behalten', link },
    small: ['Wenn es gelöscht werden soll, ist nichts zu tun.'],
  }),

  deletionWhileBlocked: ({ name, days: count, ...left }, product) => ({
    subject: `Ihr Konto bei ${product} wird gelöscht`,
    preview: `In ${days(count)}, durch die Betreiber.`,
    heading: 'Ihr Konto wird gelöscht',
    paragraphs: [
      `Hallo ${name}, in ${days(count)} sind Ihr Konto bei ${product} und alles darin endgültig gelöscht: Die Betreiber von ${product} haben das veranlasst.`,
      ...leftBehind(left),
      'Ihr Konto ist gesperrt, deshalb kann sich niemand anmelden, um das abzusagen.',
    ],
    small: [`Sie möchten es behalten? Dann schreiben Sie vorher den Betreibern von ${product}.`],
  }),

  deletionCalledOff: ({ name, when }, product) => ({
    subject: `Ihr Konto bei ${product} bleibt`,
    preview: 'Die Löschung wurde von den Betreibern abgesagt.',
    heading: 'Ihr Konto bleibt',
    paragraphs: [
      `Hallo ${name}, Ihr Konto bei ${product} sollte gelöscht werden. Die Betreiber haben das abgesagt: ${when}. Deshalb bleibt es bestehen.`,
    ],
    small: [`Es soll gelöscht werden? Dann schreiben Sie den Betreibern von ${product}, oder beantragen Sie es auf Ihrer Kontoseite.`],
  }),

  accountDeleted: ({ name }, product) => ({
    subject: `Ihr Konto bei ${product} wurde gelöscht`,
    preview: 'Alles darin ist endgültig gelöscht.',
    heading: 'Ihr Konto wurde gelöscht',
    paragraphs: [
      `Hallo ${name}, die Betreiber von ${product} haben Ihr Konto und alles darin gelöscht. Es lässt sich nicht wiederherstellen.`,
    ],
    small: [`Sie haben das nicht erwartet? Fragen Sie die Betreiber von ${product}.`],
  }),

  deletionCancelled: ({ name, when }, product, { password }) => ({
    subject: `Ihr Konto bei ${product} bleibt`,
    preview: 'Die Löschung wurde durch eine Anmeldung abgesagt.',
    heading: 'Ihr Konto bleibt',
    paragraphs: [
      `Hallo ${name}, jemand, hoffentlich Sie selbst, hat sich in Ihrem Konto bei ${product} angemeldet: ${when}. Deshalb wird es nicht gelöscht.`,
    ],
    small: [
      password
        ? 'Das waren nicht Sie? Dann ändern Sie sofort Ihr Passwort.'
        : 'Das waren nicht Sie? Dann melden Sie sich sofort an, entfernen Sie auf Ihrer Kontoseite, was Sie nicht kennen, und melden Sie alle anderen Sitzungen ab.',
    ],
  }),

  invitation: ({ link, days: count }, product) => ({
    subject: `Sie sind zu ${product} eingeladen`,
    preview: `Legen Sie innerhalb von ${days(count)} Ihr Konto an.`,
    heading: `Sie sind zu ${product} eingeladen`,
    paragraphs: [`Sie können mit dieser Adresse innerhalb von ${days(count)} ein Konto anlegen.`],
    button: { words: 'Konto anlegen', link },
    small: ['Sie haben das nicht erwartet? Dann müssen Sie nichts tun.'],
  }),

  organisationInvitation: ({ organisation, inviter, link, days: count }, product) => ({
    subject: `Einladung zu ${organisation} bei ${product}`,
    preview: `${inviter} möchte Sie dabei haben. Der Link gilt ${forDays(count)}.`,
    heading: `${organisation} beitreten?`,
    paragraphs: [
      `${inviter} lädt Sie zu ${organisation} bei ${product} ein. Folgen Sie dem Link und melden Sie sich mit dieser Adresse an; wenn Sie noch kein Konto haben, können Sie dabei eines anlegen.`,
    ],
    button: { words: 'Einladung ansehen', link },
    small: [
      `Der Link gilt einmal, ${forDays(count)} lang und nur für ein Konto mit dieser Adresse.`,
      'Sie wissen nicht, worum es geht? Dann müssen Sie nichts tun: Niemand erfährt davon, und nichts geschieht.',
    ],
  }),

  organisationEnded: ({ name, organisation, when }, product) => ({
    subject: `${organisation} wurde aufgelöst`,
    preview: `Sie gehörten bei ${product} dazu.`,
    heading: `${organisation} wurde aufgelöst`,
    paragraphs: [
      `Hallo ${name}, ${organisation} bei ${product}, wozu Sie gehörten, wurde am ${when} aufgelöst: von jemandem, dem die Organisation gehörte, oder von den Betreibern von ${product}. Niemand kann mehr dafür handeln.`,
    ],
    small: [
      'Ihr Konto ist unverändert. Falls das ein Versehen war, sprechen Sie mit den Verantwortlichen: Zurückholen lässt sich die Organisation nicht, aber neu gründen.',
    ],
  }),

  organisationOwnerless: ({ name, organisation }, product) => ({
    subject: `${organisation} hat keinen Inhaber mehr`,
    preview: `Sie gehören bei ${product} dazu.`,
    heading: `${organisation} hat keinen Inhaber mehr`,
    paragraphs: [
      `Hallo ${name}, um ${organisation} bei ${product}, wozu Sie gehören, kann sich niemand mehr kümmern: Das Konto des letzten Inhabers wurde gelöscht oder ist gesperrt. Sie sind weiterhin Mitglied, aber niemand kann einladen oder Rollen ändern, und die Dienstkonten stehen still.`,
      `Die Betreiber von ${product} können ein Mitglied zum Inhaber machen. Schreiben Sie ihnen, wer es sein soll.`,
    ],
    small: ['Ihr Konto ist unverändert. Aus der Organisation austreten können Sie jederzeit.'],
  }),

  signUpClosed: (_none, product) => ({
    subject: `${product} gibt es nur mit Einladung`,
    preview: 'Es wurde kein Konto angelegt.',
    heading: 'Dazu braucht es eine Einladung',
    paragraphs: [
      `Jemand, vielleicht Sie selbst, wollte mit dieser Adresse ein Konto bei ${product} anlegen. Dazu braucht es eine Einladung, und für diese Adresse gibt es keine.`,
    ],
    small: [`Wenn Sie eine haben sollten, fragen Sie die Betreiber von ${product}.`, 'Das waren nicht Sie? Dann ist nichts zu tun.'],
  }),

  passwordChanged: ({ name, when }, product) => ({
    subject: `Ihr Passwort bei ${product} wurde geändert`,
    preview: 'Alle anderen Sitzungen wurden abgemeldet.',
    heading: 'Ihr Passwort wurde geändert',
    paragraphs: [
      `Hallo ${name}, das Passwort Ihres Kontos bei ${product} wurde geändert: ${when}. Alle anderen Sitzungen wurden abgemeldet.`,
    ],
    small: [
      `Das waren nicht Sie? Dann kannte jemand anders Ihr Passwort und war mit Ihrem Konto angemeldet. Sagen Sie es sofort den Betreibern von ${product}, damit sie das Konto für alle schließen können.`,
    ],
  }),

  passkeyAdded: ({ name, when }, product) => ({
    subject: `Ihrem Konto bei ${product} wurde ein Passkey hinzugefügt`,
    preview: 'Wer ihn hat, kann sich damit anmelden.',
    heading: 'Ein Passkey wurde hinzugefügt',
    paragraphs: [
      `Hallo ${name}, Ihrem Konto bei ${product} wurde ein Passkey hinzugefügt: ${when}. Wer ihn hat, kann sich damit anmelden.`,
    ],
    small: [
      'Das waren nicht Sie? Dann melden Sie sich an, entfernen Sie ihn auf Ihrer Kontoseite und melden Sie alle anderen Sitzungen ab.',
    ],
  }),

  passkeysReplaced: ({ name, when }, product) => ({
    subject: `Ein neuer Passkey hat alle anderen Ihres Kontos bei ${product} ersetzt`,
    preview: 'Die bisherigen öffnen nichts mehr.',
    heading: 'Alle früheren Passkeys wurden entfernt',
    paragraphs: [
      `Hallo ${name}, für Ihr Konto bei ${product} wurde mit einem Link aus einer E-Mail an diese Adresse ein neuer Passkey erstellt: ${when}. Alle bisherigen wurden entfernt, und alle wurden abgemeldet.`,
    ],
    small: [
      `Das waren nicht Sie? Dann liest jemand anders Ihre E-Mails und hat das Konto. Schreiben Sie sofort den Betreibern von ${product}, damit sie es sperren können.`,
    ],
  }),

  passkeyRemoved: ({ name, when }, product) => ({
    subject: `Von Ihrem Konto bei ${product} wurde ein Passkey entfernt`,
    preview: 'Er öffnet nichts mehr.',
    heading: 'Ein Passkey wurde entfernt',
    paragraphs: [
      `Hallo ${name}, von Ihrem Konto bei ${product} wurde ein Passkey entfernt: ${when}. Anmelden kann man sich damit nicht mehr.`,
    ],
    small: ['Das waren nicht Sie? Dann melden Sie sich an, sehen Sie auf Ihrer Kontoseite nach und melden Sie alle anderen Sitzungen ab.'],
  }),

  identityLinked: ({ name, provider, when }, product) => ({
    subject: `${provider} öffnet jetzt Ihr Konto bei ${product}`,
    preview: `Sie können sich ab jetzt mit ${provider} anmelden.`,
    heading: `${provider} ist verbunden`,
    paragraphs: [
      `Hallo ${name}, ein Konto bei ${provider} wurde mit Ihrem Konto bei ${product} verbunden: ${when}. Wer sich dort anmeldet, kommt damit auch hier hinein; ein zweiter Schritt wird hier verlangt wie bisher, wo es ihn gibt.`,
    ],
    small: [
      'Das waren nicht Sie? Dann melden Sie sich an, trennen Sie die Verbindung auf Ihrer Kontoseite und melden Sie alle anderen Sitzungen ab.',
    ],
  }),

  identityUnlinked: ({ name, provider, when }, product) => ({
    subject: `${provider} öffnet Ihr Konto bei ${product} nicht mehr`,
    preview: `Mit ${provider} können Sie sich nicht mehr anmelden.`,
    heading: `${provider} ist getrennt`,
    paragraphs: [`Hallo ${name}, das Konto bei ${provider} wurde von Ihrem Konto bei ${product} getrennt: ${when}.`],
    small: ['Das waren nicht Sie? Dann melden Sie sich an, sehen Sie auf Ihrer Kontoseite nach und melden Sie alle anderen Sitzungen ab.'],
  }),

  tokenReused: ({ name, app, when }, product) => ({
    subject: `Der Zugriff ${ofApp(app)} auf Ihr Konto bei ${product} wurde beendet`,
    preview: 'Ein Zugangsschlüssel dieser App wurde ein zweites Mal benutzt.',
    heading: `Der Zugriff ${ofApp(app)} wurde beendet`,
    paragraphs: [
      `Hallo ${name}, ein Zugangsschlüssel, mit dem ${app || SOME_APP} den Zugriff auf Ihr Konto bei ${product} schon einmal erneuert hatte, wurde noch einmal vorgelegt: ${when}. Vielleicht hat ihn jemand kopiert. Deshalb haben wir diesen Zugriff beendet.`,
      'Sie müssen nichts tun. Wenn Sie die App weiter nutzen möchten, melden Sie sich dort neu an.',
    ],
    small: ['Wenn das wieder geschieht, beenden Sie den Zugriff der App auf Ihrer Kontoseite und sagen Sie es denen, die sie herstellen.'],
  }),

  totpEnabled: ({ name, when }, product, ways) => ({
    subject: `Die Anmeldung bei ${product} hat jetzt einen zweiten Schritt`,
    preview: 'Sie fragt ab jetzt nach einem Code Ihrer Authenticator-App.',
    heading: 'Die Anmeldung hat jetzt einen zweiten Schritt',
    paragraphs: [
      `Hallo ${name}, zu Ihrem Konto bei ${product} wurde eine Authenticator-App hinzugefügt: ${when}. Die Anmeldung fragt ab jetzt nach ihrem Code.`,
    ],
    small: [`Das waren nicht Sie? Dann melden Sie sich an, sehen Sie auf Ihrer Kontoseite nach${lockOut(ways)}.`],
  }),

  totpDisabled: ({ name, when }, product, ways) => ({
    subject: `Die Anmeldung bei ${product} hat keinen zweiten Schritt mehr`,
    preview: 'Sie fragt nach keinem Code mehr.',
    heading: 'Der zweite Schritt wurde ausgeschaltet',
    paragraphs: [
      `Hallo ${name}, von Ihrem Konto bei ${product} wurde die Authenticator-App entfernt: ${when}. Die Anmeldung fragt nach keinem Code mehr.`,
    ],
    small: [`Das waren nicht Sie? Dann melden Sie sich an, sehen Sie auf Ihrer Kontoseite nach${lockOut(ways)}.`],
  }),

  totpLost: ({ name, when }, product, { password }) => ({
    subject: `Bitte richten Sie Ihre Authenticator-App für ${product} neu ein`,
    preview: 'Ihre Codes gelten nicht mehr. Ihre Wiederherstellungscodes gelten.',
    heading: 'Ihre Authenticator-App ist neu einzurichten',
    paragraphs: [
      `Hallo ${name}, ein Schlüssel von ${product} wurde neu angelegt: ${when}. Mit dem bisherigen ging, was Ihre Authenticator-App mit uns teilt; ihre Codes gelten nicht mehr, und Sie wurden überall abgemeldet.`,
      'Die Anmeldung verlangt weiterhin einen zweiten Schritt: Benutzen Sie einen Ihrer Wiederherstellungscodes oder einen Passkey. Entfernen Sie danach den alten Eintrag aus Ihrer App, und richten Sie sie auf Ihrer Kontoseite neu ein.',
      'Wenn Sie weder einen Wiederherstellungscode noch einen Passkey haben, schreiben Sie dem Betreiber.',
    ],
    small: [`Niemand wird Sie per E-Mail oder Telefon nach einem Code${password ? ' oder Passwort' : ''} fragen.`],
  }),

  secondStepReset: ({ name, when }, product, { password }) => ({
    subject: `Ihr zweiter Schritt bei ${product} wurde von einem Betreiber entfernt`,
    preview: 'Melden Sie sich an, und richten Sie einen neuen ein.',
    heading: 'Ihr zweiter Schritt wurde entfernt',
    paragraphs: [
      `Hallo ${name}, ein Betreiber von ${product} hat Ihre Authenticator-App und Ihre Wiederherstellungscodes entfernt, wie es für Menschen geschieht, die sie verloren haben: ${when}. Sie wurden überall abgemeldet.`,
      'Melden Sie sich an, und richten Sie auf Ihrer Kontoseite eine neue Authenticator-App ein.',
    ],
    small: [
      `Sie haben nicht darum gebeten? Dann ${password ? 'ändern Sie jetzt Ihr Passwort, und ' : ''}sagen Sie dem Betreiber Bescheid: Vielleicht hat sich jemand für Sie ausgegeben.`,
    ],
  }),

  recoveryCodesCreated: ({ name, when }, product, ways) => ({
    subject: `Neue Wiederherstellungscodes für Ihr Konto bei ${product}`,
    preview: 'Die bisherigen gelten nicht mehr.',
    heading: 'Sie haben neue Wiederherstellungscodes',
    paragraphs: [
      `Hallo ${name}, für Ihr Konto bei ${product} wurden neue Wiederherstellungscodes erstellt: ${when}. Die bisherigen gelten nicht mehr.`,
    ],
    small: [`Das waren nicht Sie? Dann melden Sie sich an, erstellen Sie selbst neue${lockOut(ways)}.`],
  }),

  recoveryCodeUsed: ({ name, when }, product, ways) => ({
    subject: `Ein Wiederherstellungscode für Ihr Konto bei ${product} wurde benutzt`,
    preview: 'Er gilt nicht mehr.',
    heading: 'Ein Wiederherstellungscode wurde benutzt',
    paragraphs: [
      `Hallo ${name}, mit einem Wiederherstellungscode hat sich jemand in Ihrem Konto bei ${product} angemeldet: ${when}. Er gilt nicht mehr.`,
    ],
    small: [`Das waren nicht Sie? Dann melden Sie sich an, erstellen Sie neue Wiederherstellungscodes${lockOut(ways)}.`],
  }),
}
