import type { Locator } from 'playwright'
import { KeysScreen } from './keys-screen.ts'
import { Program } from './program.ts'
import type { Screens } from './screens.ts'

/** A key of another program that a person has begun to edit. */
export async function unsavedText(
  { page, grpc }: Pick<Screens, 'page' | 'grpc'>,
  text: string,
): Promise<{ readonly keys: KeysScreen; readonly editor: Locator }> {
  using program = new Program(grpc)
  await program.put('notes', 'as it is stored')
  const keys = await KeysScreen.open(page)
  await keys.openKey('notes')
  const editor = await keys.edit('notes')
  await keys.type(editor, text)
  return { keys, editor }
}
