// What the gateway's pages say, in German.
import { isOurFault, type PageTexts, type Words } from './en.ts'

const PROBLEMS: ReadonlyMap<number, Words> = new Map([
  [401, { title: 'Bitte melden Sie sich an', text: 'Versuchen Sie es danach noch einmal.' }],
  [
    403,
    {
      title: 'Das ist nicht erlaubt',
      text: 'Darauf haben Sie keinen Zugriff, oder die Seite war veraltet: Laden Sie sie dann neu und versuchen Sie es noch einmal.',
    },
  ],
  [404, { title: 'Hier ist nichts', text: 'Unter dieser Adresse gibt es nichts.' }],
  [413, { title: 'Das war zu viel', text: 'Es wurde mehr geschickt, als hier angenommen wird.' }],
  [429, { title: 'Zu viele Anfragen', text: 'Das war viel auf einmal. Warten Sie einen Moment und versuchen Sie es noch einmal.' }],
  [503, { title: 'Gerade nicht möglich', text: 'Bitte versuchen Sie es gleich noch einmal.' }],
])

export const de: PageTexts = {
  language: 'de',
  tryAgain: 'Noch einmal versuchen',
  toStart: 'Zur Startseite',
  startAgain: 'Von vorn beginnen',
  goOn: 'Weiter',
  moment: 'Einen Moment',
  requestNumber: (id) => `Anfrage ${id}`,
  refusals: {
    declined: {
      title: 'Die Anmeldung wurde abgebrochen',
      text: 'Es hat sich nichts geändert. Sie können es jederzeit noch einmal versuchen.',
    },
    ended: {
      title: 'Diese Anmeldung gilt nicht mehr',
      text: 'Sie hat zu lange gedauert, war schon abgeschlossen oder begann in einem anderen Browser. Bitte beginnen Sie noch einmal.',
    },
    failed: { title: 'Anmelden ist gerade nicht möglich', text: 'Das liegt an uns. Bitte versuchen Sie es gleich noch einmal.' },
  },
  problem({ status, detail }) {
    if (isOurFault(status)) return { title: 'Bei uns ist etwas schiefgegangen', text: 'Bitte versuchen Sie es noch einmal.' }
    const words = PROBLEMS.get(status) ?? { title: 'Das hat nicht geklappt', text: 'Diese Anfrage ließ sich nicht beantworten.' }
    return { ...words, detail }
  },
}
