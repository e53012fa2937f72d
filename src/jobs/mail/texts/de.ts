// The words of every mail in German, in the formal address.
import type { MailTexts } from './en.ts'

export const de: MailTexts = {
  locale: 'de-DE',
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
      `Hallo ${name}, jemand, hoffentlich Sie selbst, hat ein neues Passwort für Ihr ${product}-Konto angefordert. Mit diesem Link wählen Sie es.`,
    ],
    button: { words: 'Neues Passwort wählen', link },
    small: [
      `Der Link gilt einmal und ${minutes} Minuten lang. Alles, was angemeldet ist, wird dabei abgemeldet.`,
      'Das waren nicht Sie? Dann müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.',
    ],
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

  passwordChanged: ({ name, when }, product) => ({
    subject: `Ihr ${product}-Passwort wurde geändert`,
    preview: 'Alle anderen Sitzungen wurden abgemeldet.',
    heading: 'Ihr Passwort wurde geändert',
    paragraphs: [`Hallo ${name}, das Passwort Ihres ${product}-Kontos wurde geändert: ${when}. Alle anderen Sitzungen wurden abgemeldet.`],
    small: [
      `Das waren nicht Sie? Dann kannte jemand anders Ihr Passwort und war mit Ihrem Konto angemeldet. Sagen Sie es sofort den Betreibern von ${product}, damit sie das Konto für alle schließen können.`,
    ],
  }),

  passkeyAdded: ({ name, when }, product) => ({
    subject: `Ihrem ${product}-Konto wurde ein Passkey hinzugefügt`,
    preview: 'Er öffnet es ohne Passwort.',
    heading: 'Ein Passkey wurde hinzugefügt',
    paragraphs: [`Hallo ${name}, Ihrem ${product}-Konto wurde ein Passkey hinzugefügt: ${when}. Wer ihn hat, kann sich damit anmelden.`],
    small: [
      'Das waren nicht Sie? Dann melden Sie sich an, entfernen Sie ihn auf Ihrer Kontoseite und melden Sie alle anderen Sitzungen ab.',
    ],
  }),

  passkeyRemoved: ({ name, when }, product) => ({
    subject: `Von Ihrem ${product}-Konto wurde ein Passkey entfernt`,
    preview: 'Er öffnet nichts mehr.',
    heading: 'Ein Passkey wurde entfernt',
    paragraphs: [`Hallo ${name}, von Ihrem ${product}-Konto wurde ein Passkey entfernt: ${when}. Anmelden kann man sich damit nicht mehr.`],
    small: ['Das waren nicht Sie? Dann melden Sie sich an, sehen Sie auf Ihrer Kontoseite nach und melden Sie alle anderen Sitzungen ab.'],
  }),
}
