// What the gateway's pages say, in German.
import type { PageTexts } from './en.ts'

export const de: PageTexts = {
  language: 'de',
  tryAgain: 'Noch einmal versuchen',
  toStart: 'Zur Startseite',
  startAgain: 'Von vorn beginnen',
  goOn: 'Weiter',
  moment: 'Einen Moment',
  requestNumber: (id) => `Anfrage ${id}`,
  refusals: {
    declined: { title: 'Die Anmeldung wurde abgebrochen', text: 'Es hat sich nichts geändert. Sie können es jederzeit noch einmal versuchen.' },
    ended: {
      title: 'Diese Anmeldung ist beendet',
      text: 'Sie hat zu lange gedauert, war schon abgeschlossen oder begann in einem anderen Browser. Bitte beginnen Sie noch einmal.',
    },
    failed: { title: 'Anmelden ist gerade nicht möglich', text: 'Das liegt an uns. Bitte versuchen Sie es gleich noch einmal.' },
  },
  problems: new Map([
    [401, { title: 'Bitte melden Sie sich an', text: 'Melden Sie sich an und versuchen Sie es dann noch einmal.' }],
    [
      403,
      {
        title: 'Das ist nicht erlaubt',
        text: 'Dazu haben Sie keinen Zugang, oder die Seite war veraltet. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.',
      },
    ],
    [404, { title: 'Hier ist nichts', text: 'Unter dieser Adresse gibt es nichts.' }],
    [413, { title: 'Das war zu viel', text: 'Es wurde mehr geschickt, als hier angenommen wird.' }],
    [429, { title: 'Zu viele Anfragen', text: 'Das war viel auf einmal. Warten Sie einen Moment und versuchen Sie es noch einmal.' }],
    [503, { title: 'Gerade nicht erreichbar', text: 'Das ist gerade nicht möglich. Bitte versuchen Sie es gleich noch einmal.' }],
  ]),
  otherProblem: { title: 'Das hat nicht geklappt', text: 'Diese Anfrage ließ sich nicht beantworten.' },
  ourProblem: { title: 'Bei uns ist etwas schiefgegangen', text: 'Bitte versuchen Sie es noch einmal.' },
}
