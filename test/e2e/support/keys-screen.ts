import type { Locator, Page } from 'playwright'
import { goTo } from './console-pages.ts'
import { say } from './words.ts'

/** The page Keys, by what a person sees and a screen reader hears. */
export class KeysScreen {
  readonly page: Page
  readonly tree: Locator
  readonly list: Locator
  readonly value: Locator
  readonly tabs: Locator

  constructor(page: Page) {
    this.page = page
    this.tree = page.getByRole('tree', { name: say.keys('listLabel') })
    this.list = page.getByRole('region', { name: say.keys('listPane'), exact: true })
    this.value = page.getByRole('region', { name: say.keys('valuePane'), exact: true })
    this.tabs = page.getByRole('navigation', { name: say.keys('openTabs') })
  }

  static async open(page: Page): Promise<KeysScreen> {
    await goTo(page, 'keys')
    return new KeysScreen(page)
  }

  /** A row by what it shows: the end of a key, or the name of a folder. */
  row(text: string): Locator {
    return this.tree.getByRole('treeitem', { name: text, exact: true })
  }

  async openKey(tail: string): Promise<void> {
    await this.row(tail).first().click()
    await this.value.getByRole('heading', { level: 2 }).filter({ hasText: tail }).waitFor()
  }

  /** The text of the value as it is shown, or edited. */
  get text(): Locator {
    return this.value.getByRole('textbox', { name: /./ }).last()
  }

  editor(key: string): Locator {
    return this.value.getByRole('textbox', { name: say.keys('editLabel', { key }) })
  }

  button(name: string): Locator {
    return this.value.getByRole('button', { name, exact: true })
  }

  async edit(key: string): Promise<Locator> {
    await this.button(say.keys('edit')).click()
    const editor = this.editor(key)
    await editor.waitFor()
    return editor
  }

  /** In place of all that is in the editor, typed as a person does who begins anew. */
  async type(editor: Locator, text: string): Promise<void> {
    await editor.click()
    await this.page.keyboard.press('ControlOrMeta+a')
    await this.page.keyboard.insertText(text)
  }

  async save(): Promise<void> {
    await this.button(say.keys('save')).click()
  }
}
