// What the gateway says to people, as compose gives it.
import type { AuthDefinition } from '../../src/auth/contract.ts'
import { createSpeech } from '../../src/auth/texts/speech.ts'
import { paletteOf } from '../../src/auth/theme/colours.ts'
import type { GatewaySettings } from '../../src/gateway/settings.ts'

export function gatewayPages({ texts = {}, theme }: Pick<AuthDefinition, 'texts' | 'theme'> = {}): Pick<GatewaySettings, 'pages'> {
  const { light, dark } = theme?.colours ?? {}
  return {
    pages: { texts: createSpeech({ texts }).gatewayTexts, colours: { light: paletteOf('light', light), dark: paletteOf('dark', dark) } },
  }
}
