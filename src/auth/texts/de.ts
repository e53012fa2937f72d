// Every text of the accounts pages in German, in the formal address. The one kind of source with letters beyond ASCII (see test/architecture.test.ts).
import { html } from '#kernel/html.ts'
import type { Texts } from './en.ts'

export const de: Texts = {
  languageName: 'Deutsch',
  locale: 'de-DE',

  frame: {
    languages: 'Sprache',
    skip: 'Zum Inhalt springen',
    problemTitle: (title) => `Fehler: ${title}`,
    goTo: (product) => `Zu ${product}`,
    yourAccount: 'Ihr Konto',
    lookAtField: 'Bitte prüfen Sie das markierte Feld.',
    lookAtFields: 'Bitte prüfen Sie die markierten Felder.',
    goBack: 'Bitte gehen Sie zurück und versuchen Sie es noch einmal.',
    requestNumber: (number) => html`Wenn Sie jemanden um Hilfe bitten, nennen Sie diese Nummer: ${number}`,
    newTab: 'öffnet einen neuen Tab',
  },

  fields: {
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    currentPassword: 'Bisheriges Passwort',
    name: 'Ihr Name',
  },

  signIn: {
    title: 'Anmelden',
    toContinue: (app) => `und weiter zu ${app}`,
    forApp: (app, host, product) =>
      html`Bei ${app} (${host}) können Sie sich mit Ihrem ${product}-Konto anmelden. Ihr Passwort bleibt hier.`,
    confirmed: 'Ihre Adresse ist bestätigt. Jetzt nur noch anmelden.',
    refused: 'Das hat nicht geklappt. Die Adresse oder das Passwort stimmt nicht, oder die Adresse ist noch nicht bestätigt.',
    submit: 'Anmelden',
    or: 'oder',
    forgot: 'Passwort vergessen?',
    newHere: (link) => html`Neu hier? ${link}`,
    createAccount: 'Konto anlegen',
    ended: 'Diese Anmeldung ist beendet',
    endedWords:
      'Sie hat zu lange gedauert, war schon abgeschlossen oder wurde in einem anderen Browser begonnen. Bitte gehen Sie zurück zur App und melden Sie sich von dort neu an.',
  },

  signUp: {
    title: 'Konto anlegen',
    lead: (product) => `Ein Konto für ${product} und für jede App, der Sie Zugriff geben.`,
    nameHint: 'Andere können ihn sehen. Es muss nicht Ihr voller Name sein.',
    passwordHint: 'Mindestens 8 Zeichen. Mehrere Wörter, die nur Sie zusammenbringen würden, merken sich leichter als ein ausgeklügeltes.',
    submit: 'Konto anlegen',
    haveAccount: (link) => html`Sie haben schon ein Konto? ${link}`,
    signIn: 'Anmelden',
  },

  checkMail: {
    title: 'Schauen Sie in Ihr Postfach',
    lead: (minutes) => `Wir haben an die angegebene Adresse geschrieben. Der Link in der E-Mail gilt einmal und ${minutes} Minuten lang.`,
    open: 'Öffnen Sie die E-Mail und folgen Sie dem Link.',
    press: 'Drücken Sie die Schaltfläche auf der Seite, die sich öffnet.',
    andThen: (link) => html`Dann können Sie ${link}.`,
    signIn: 'sich anmelden',
    nothing: (link) => html`Nichts angekommen? Schauen Sie in den Spam-Ordner, oder ${link}: Vielleicht war ein Tippfehler in der Adresse.`,
    tryAgain: 'versuchen Sie es noch einmal',
    development: (mailbox) => html`<strong>Entwicklung:</strong> E-Mails werden nicht verschickt, sie liegen im ${mailbox}.`,
    mailbox: 'Postfach',
  },

  confirm: {
    title: 'Adresse bestätigen',
    lead: (address, product) => html`Gehört ${address} Ihnen, und haben Sie sich gerade bei ${product} registriert?`,
    passwordLabel: 'Das Passwort, das Sie gewählt haben',
    passwordHint: 'Dies ist ein anderer Browser als der, in dem Sie sich registriert haben. Bitte zeigen Sie, dass Sie es waren.',
    notThePassword:
      'Das ist nicht das Passwort dieser Registrierung. Falls Sie sich danach noch einmal registriert haben, nehmen Sie die neueste E-Mail.',
    submit: 'Ja, Adresse bestätigen',
    notYou: 'Wenn Sie sich nicht registriert haben, schließen Sie diese Seite. Ohne die Schaltfläche entsteht kein Konto.',
    doneTitle: 'Adresse bestätigt',
    done: 'Ihre Adresse ist bestätigt',
    doneWords: (product) => `Das Konto ist bereit. Gehen Sie zu ${product} und melden Sie sich dort an.`,
    dead: 'Dieser Link gilt nicht mehr',
    deadWords: (minutes) =>
      `Links in unseren E-Mails gelten einmal und ${minutes} Minuten lang. Wenn Ihre Adresse schon bestätigt ist, melden Sie sich einfach an. Sonst registrieren Sie sich noch einmal, und wir schicken Ihnen einen neuen.`,
    signIn: 'Anmelden',
    signUpAgain: 'Noch einmal registrieren',
  },

  recovery: {
    title: 'Neues Passwort setzen',
    lead: 'Nennen Sie uns Ihre Adresse, und wir schreiben Ihnen. Mit dem Link in der E-Mail können Sie ein neues Passwort wählen.',
    send: 'E-Mail schicken',
    remembered: (link) => html`Es ist Ihnen doch eingefallen? ${link}`,
    signIn: 'Anmelden',
    choose: 'Neues Passwort wählen',
    chooseLead: 'Alles, was mit dem alten angemeldet ist, wird abgemeldet.',
    save: 'Neues Passwort speichern',
    done: 'Ihr Passwort ist geändert',
    doneLead: 'Alles ist abgemeldet. Melden Sie sich jetzt mit dem neuen Passwort an.',
    mailed: (minutes) =>
      `Wenn es zu dieser Adresse ein Konto gibt, enthält die E-Mail einen Link, der einmal und ${minutes} Minuten lang gilt. Folgen Sie ihm und wählen Sie dort das neue Passwort.`,
    dead: 'Dieser Link gilt nicht mehr',
    deadWords:
      'Links in unseren E-Mails gelten einmal und nur kurze Zeit. Wenn Sie noch ein neues Passwort brauchen, fordern Sie eine weitere E-Mail an.',
    askAgain: 'Weitere E-Mail anfordern',
  },

  emailSignIn: {
    way: 'Per E-Mail anmelden',
    title: 'Per E-Mail anmelden',
    lead: 'Wir schreiben an Ihre Adresse, und mit dem, was in der E-Mail steht, sind Sie angemeldet. Ein Passwort brauchen Sie nicht.',
    send: 'E-Mail schicken',
    otherWay: 'Anders anmelden',
    checkCode: (minutes) =>
      `Wenn es zu dieser Adresse ein Konto gibt, enthält die E-Mail einen Code aus acht Ziffern. Er gilt nur hier und ${minutes} Minuten lang.`,
    checkLink: (minutes) =>
      `Wenn es zu dieser Adresse ein Konto gibt, enthält die E-Mail einen Link. Öffnen Sie ihn innerhalb von ${minutes} Minuten in diesem Browser.`,
    elsewhere: 'Wenn Sie den Link auf einem anderen Gerät öffnen, zeigt er einen Code: Geben Sie ihn hier ein.',
    code: 'Code',
    codeHint: 'Acht Ziffern. Leerzeichen spielen keine Rolle.',
    submit: 'Anmelden',
    again: 'Weitere E-Mail schicken',
    codeEnded:
      'Dieser Code gilt nicht mehr. Er wurde schon benutzt, war zu oft falsch oder ist zu alt. Fordern Sie eine weitere E-Mail an.',
    linkTitle: 'Anmelden?',
    linkLead: (address) => html`Sie melden sich mit der Adresse ${address} an.`,
    linkSubmit: 'Ja, anmelden',
    notYou: 'Wenn Sie das nicht angefordert haben, schließen Sie diese Seite. Ohne die Schaltfläche geschieht nichts.',
    codeTitle: 'Ihr Code',
    codeLead: 'Diese Anmeldung wurde in einem anderen Browser begonnen. Wenn Sie das waren, geben Sie dort diesen Code ein:',
    codeWarning: 'Sagen Sie diesen Code niemandem. Wer Sie am Telefon oder in einer Nachricht danach fragt, will in Ihr Konto.',
    dead: 'Dieser Link gilt nicht mehr',
    deadWords:
      'Links in unseren E-Mails gelten einmal und nur kurze Zeit. Beginnen Sie die Anmeldung neu, und wir schicken Ihnen einen neuen.',
  },

  consent: {
    title: (app) => `${app} Zugriff geben?`,
    lead: (product) => `Die App möchte Ihr ${product}-Konto nutzen.`,
    local:
      'Diese App läuft auf Ihrem eigenen Gerät. Jedes Programm dort könnte diese Adresse benutzen. Stimmen Sie nur zu, wenn Sie die App gerade selbst gestartet haben.',
    describedBy: (host) => `Ihre Beschreibung stammt von ${host}.`,
    unknown: (host) => `Niemand hier hat geprüft, wer hinter dieser App steht. Stimmen Sie nur zu, wenn Sie ${host} vertrauen.`,
    isNew: 'Diese App ist hier neu: Sie kam in der letzten Woche hinzu.',
    links: { home: 'Über die App', policy: 'Ihre Datenschutzerklärung', terms: 'Ihre Nutzungsbedingungen' },
    will: 'Die App kann dann',
    knowYou: 'wissen, dass Sie hier ein Konto haben',
    willNot: 'Die App kann nicht',
    seePassword: 'Ihr Passwort sehen oder ändern',
    doMore: 'etwas tun, was Sie nicht erlaubt haben',
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
    signedInAs: (name, address, account) =>
      html`Angemeldet als ${name} (${address}). Sie können den Zugriff jederzeit auf ${account} beenden.`,
    yourAccountPage: 'Ihrer Kontoseite',
  },

  scopes: {
    offline_access: 'verbunden bleiben, bis Sie es auf Ihrer Kontoseite beenden',
    profile: 'Ihren Namen sehen',
    email: 'Ihre E-Mail-Adresse sehen',
    roles: 'Ihre Rollen und Gruppen sehen und mit ihnen handeln',
  },

  account: {
    title: 'Ihr Konto',
    hello: (name) => `Hallo, ${name}`,
    signOut: 'Abmelden',
    sections: 'Abschnitte dieser Seite',
    done: {
      name: 'Ihr Name ist gespeichert.',
      password: 'Ihr Passwort ist geändert. Alle anderen Sitzungen sind abgemeldet, und Apps mit Zugriff haben ihn verloren.',
      session: 'Diese Sitzung ist abgemeldet.',
      app: 'Die App hat keinen Zugriff mehr.',
      'passkey-added': 'Ihr Passkey ist bereit. Sie können sich ab jetzt damit anmelden.',
      'passkey-renamed': 'Der Passkey hat seinen neuen Namen.',
      'passkey-removed': 'Der Passkey ist entfernt. Er öffnet hier nichts mehr; Sie können ihn auch auf Ihrem Gerät löschen.',
      'passkey-last':
        'Dieser Passkey ist der einzige Weg in Ihr Konto. Wählen Sie zuerst ein Passwort, oder fügen Sie einen weiteren Passkey hinzu.',
      again: 'Danke. Bitte wiederholen Sie es jetzt noch einmal.',
    },
  },

  profile: {
    heading: 'Über Sie',
    address: (address) => html`Ihre Adresse ist ${address}. Nur Sie sehen sie, außer Sie zeigen sie einer App.`,
    nameLabel: 'Name, den andere sehen',
    save: 'Name speichern',
  },

  passkeys: {
    heading: 'Passkeys',
    use: 'Mit einem Passkey anmelden',
    failed:
      'Das hat nicht geklappt. Vielleicht hat Ihr Gerät keinen Passkey für dieses Konto, oder Sie haben seine Frage geschlossen. Sie können es noch einmal versuchen.',
    present: 'Dieses Gerät hat schon einen Passkey für Ihr Konto.',
    unavailable: 'Dieser Browser kann keine Passkeys benutzen, oder Skripte sind darin abgeschaltet.',
    refused:
      'Das hat nicht geklappt. Dieser Passkey öffnet hier kein Konto, oder seine Frage war zu alt. Bitte versuchen Sie es noch einmal.',
    notAdded:
      'Das hat nicht geklappt: Die Antwort Ihres Geräts passt nicht, oder die Frage war zu alt. Bitte versuchen Sie es noch einmal.',
    add: 'Passkey hinzufügen',
    addLead:
      'Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder PIN Ihres Geräts an. Sie müssen sich nichts merken, und keine gefälschte Seite kann ihn stehlen.',
    nameLabel: 'Ein Name dafür',
    nameHint: 'Damit Sie später wissen, welcher es ist.',
    create: 'Passkey erstellen',
    back: 'Zurück zu Ihrem Konto',
    none: 'Sie haben noch keinen. Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder PIN Ihres Geräts an.',
    added: (ago) => html`hinzugefügt ${ago}`,
    used: (ago) => html`zuletzt benutzt ${ago}`,
    neverUsed: 'nie benutzt',
    backedUp: 'in Ihrem Passwortmanager gesichert',
    backupEligible: 'kann in Ihrem Passwortmanager gesichert werden, ist es aber nicht',
    oneDevice: 'nur auf einem Gerät',
    copySuspected: (ago) =>
      html`Ein anderes Gerät scheint eine Kopie davon zu haben (bemerkt ${ago}). Entfernen Sie ihn, außer Sie wissen den Grund.`,
    rename: 'Umbenennen',
    newName: 'Neuer Name',
    save: 'Speichern',
    remove: 'Entfernen',
    removeNamed: (name) => `${name} entfernen`,
  },

  apps: {
    heading: 'Apps mit Zugriff',
    none: 'Keine fremde App hat Zugriff auf Ihr Konto.',
    some: 'Diese Apps dürfen Ihr Konto nutzen. Wenn Sie den Zugriff beenden, gilt das sofort und überall.',
    allowed: (ago) => html`erlaubt ${ago}`,
    can: (words) => `kann ${words}`,
    end: 'Zugriff beenden',
    endFor: (app) => `Zugriff beenden für ${app}`,
  },

  sessions: {
    heading: 'Wo Sie angemeldet sind',
    words: 'Wenn Sie eine davon nicht kennen, melden Sie sie ab und ändern Sie Ihr Passwort.',
    thisOne: 'diese hier',
    used: (used, signedIn) => html`zuletzt benutzt ${used}, angemeldet ${signedIn}`,
    end: 'Abmelden',
    endFor: (device) => `${device} abmelden`,
    browserOn: (browser, system) => `${browser} unter ${system}`,
    someBrowser: 'Ein Browser',
    unknownDevice: 'Unbekanntes Gerät',
  },

  password: {
    heading: 'Passwort',
    words: 'Mindestens 8 Zeichen. Alle anderen Sitzungen werden abgemeldet, und Sie bekommen eine E-Mail darüber.',
    submit: 'Passwort ändern',
    none: 'Sie melden sich ohne Passwort an. Wenn Sie möchten, wählen Sie eines als weiteren Weg.',
    choose: 'Dieses Passwort wählen',
  },

  events: {
    heading: 'Was geschehen ist',
    words: 'Wenn etwas davon nicht von Ihnen war, ändern Sie Ihr Passwort.',
    all: 'Alles, was geschehen ist',
    none: 'Noch nichts.',
    lead: (days) => `Alles aus den letzten ${days} Tagen, was für die Sicherheit Ihres Kontos wichtig ist.`,
    older: 'Ältere',
    types: {
      'account.created': 'Ihr Konto wurde angelegt',
      'account.renamed': 'Ihr Name wurde geändert',
      'account.suspended': 'Ihr Konto wurde vom Betreiber gesperrt',
      'account.deletion_requested': 'Das Löschen Ihres Kontos wurde beantragt',
      'account.deletion_cancelled': 'Ihr Konto bleibt: Das Löschen wurde abgebrochen',
      'account.deleted': 'Ihr Konto wurde gelöscht',
      'account.data_downloaded': 'Ihre Daten wurden heruntergeladen',
      'account.imported': 'Ihr Konto wurde aus einem anderen System übernommen',
      'email.changed': 'Ihre Adresse wurde geändert',
      'password.changed': 'Ihr Passwort wurde geändert',
      'password.reset': 'Ihr Passwort wurde per E-Mail neu gesetzt',
      'sign_in.succeeded': 'Angemeldet',
      'sign_in.failed': 'Jemand konnte sich nicht anmelden',
      'session.ended': 'Abgemeldet',
      'passkey.added': 'Ein Passkey wurde hinzugefügt',
      'passkey.removed': 'Ein Passkey wurde entfernt',
      'passkey.copy_suspected': 'Ein Passkey wurde abgewiesen: Ein anderes Gerät scheint eine Kopie davon zu haben',
      'totp.enabled': 'Eine Authenticator-App wurde hinzugefügt',
      'totp.disabled': 'Die Authenticator-App wurde entfernt',
      'recovery_codes.created': 'Neue Wiederherstellungscodes wurden erzeugt',
      'recovery_codes.used': 'Ein Wiederherstellungscode wurde benutzt',
      'identity.linked': 'Ein Anmeldeweg wurde verknüpft',
      'identity.unlinked': 'Ein Anmeldeweg wurde getrennt',
      'app.allowed': 'Eine App hat Zugriff bekommen',
      'app.revoked': 'Der Zugriff einer App wurde beendet',
      'refresh.reuse_in_grace': 'Eine App hat ihren Zugriff doppelt erneuert',
      'refresh.reuse_detected': 'Ein verbrauchtes Token einer App kam wieder, und ihr Zugriff wurde beendet',
      'roles.changed': 'Ein Betreiber hat geändert, was Sie dürfen',
      'operator.link_created': 'Ein Betreiber hat einen Link zur Konsole erzeugt',
      'client.added': 'Eine App wurde registriert',
      'client.changed': 'Die Registrierung einer App wurde geändert',
      'client.secret_rotated': 'Eine App hat ein neues Geheimnis bekommen',
      'client.removed': 'Eine App wurde entfernt',
      'signing_key.made': 'Ein Signaturschlüssel wurde erzeugt',
      'signing_key.revoked': 'Ein Signaturschlüssel wurde widerrufen',
    },
  },

  signOut: {
    title: 'Abmelden?',
    lead: (product) =>
      `Damit melden Sie sich in diesem Browser von ${product} ab. Apps, denen Sie Zugriff gegeben haben, behalten ihn, bis Sie ihn auf Ihrer Kontoseite beenden.`,
    submit: 'Abmelden',
    stay: 'Angemeldet bleiben',
    doneTitle: 'Abgemeldet',
    done: 'Sie sind abgemeldet',
    doneWords: 'Bis bald. An einem gemeinsam genutzten Computer schließen Sie am besten auch den Browser.',
    signInAgain: 'Wieder anmelden',
  },

  times: {
    justNow: 'gerade eben',
    onDay: (day) => `am ${day}`,
    seconds: (count) => (count === 1 ? 'eine Sekunde' : `${count} Sekunden`),
    minutes: (count) => (count === 1 ? 'eine Minute' : `${count} Minuten`),
  },

  problems: {
    email_malformed: 'Das sieht nicht wie eine E-Mail-Adresse aus.',
    name_missing: 'Bitte sagen Sie, wie Sie genannt werden möchten.',
    name_long: 'Höchstens 80 Zeichen.',
    name_unprintable: 'Darin ist ein Zeichen, das sich nicht anzeigen lässt.',
    password_short: 'Mindestens 8 Zeichen.',
    password_long: 'Höchstens 256 Zeichen.',
    password_common: 'Dieses Passwort gehört zu denen, die alle zuerst probieren. Bitte wählen Sie ein anderes.',
    password_address: 'Bitte nehmen Sie nicht Ihre eigene Adresse als Passwort.',
    password_same: 'Das ist Ihr jetziges Passwort.',
    passkeys_many: 'Es können höchstens 20 sein. Entfernen Sie zuerst einen.',
    password_wrong: 'Das ist nicht Ihr Passwort.',
    code_wrong: 'Das ist nicht der Code aus der neuesten E-Mail.',
  },

  errors: {
    too_many_tries: (wait) => `Zu viele Versuche. Bitte warten Sie ${wait} und versuchen Sie es dann noch einmal.`,
    busy: 'Gerade melden sich zu viele Menschen an. Bitte versuchen Sie es in ein paar Sekunden noch einmal.',
    unavailable: 'Anmelden ist gerade nicht möglich. Bitte versuchen Sie es gleich noch einmal.',
    bad_details: 'Einige Angaben können nicht verwendet werden.',
    sign_in_refused: 'Sie können sich hier nicht anmelden.',
    interaction_ended: 'Diese Anmeldung ist beendet. Gehen Sie zurück zur App und beginnen Sie von vorn.',
  },

  requests: {
    heading: 'Das hat nicht geklappt',
    other: 'Die App hat eine Anfrage geschickt, die sich nicht beantworten lässt.',
    invalid_client: 'Die App, von der Sie kommen, ist nicht bekannt.',
    invalid_redirect_uri: 'Die App möchte Sie zu einer Adresse schicken, mit der sie nicht registriert ist.',
    access_denied: 'Das ist mit Ihrem Konto nicht möglich.',
    goBack: (host) => `Zurück zu ${host}`,
    server_error: 'Bei uns ist etwas schiefgegangen.',
  },
}
