import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession, Page } from 'playwright-core'

interface Property {
  name: string
  value: { value?: unknown; relatedNodes?: { backendDOMNodeId: number }[] }
}

interface AxNode {
  nodeId: string
  parentId?: string
  ignored: boolean
  backendDOMNodeId?: number
  role?: { value: string }
  name?: { value: string }
  description?: { value: string }
  value?: { value: unknown }
  properties?: Property[]
}

/** What a key brought, as the browser gives it to whatever reads the screen. */
export interface Spoken {
  key: string
  /** Parts that the focus came into, the outermost first. */
  entered: string[]
  /** Role, name, value, state and description of what has the focus. */
  focused: string
  /** What live regions told meanwhile. */
  told: string[]
}

/** Roles that are said when the focus comes into one with a name. */
const parts = new Set(
  'dialog alertdialog grid rowgroup toolbar group region complementary navigation banner contentinfo main list listbox radiogroup search form slider'.split(
    ' ',
  ),
)
const states =
  'selected checked pressed expanded disabled readonly required invalid modal hasPopup level'.split(' ')
const quietMs = 350

/** Somebody who hears the window and has a keyboard only. */
export class Listener {
  readonly heard: Spoken[] = []
  #within: readonly string[] = []

  readonly page: Page
  readonly cdp: CDPSession

  private constructor(page: Page, cdp: CDPSession) {
    this.page = page
    this.cdp = cdp
  }

  static async of(page: Page): Promise<Listener> {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Accessibility.enable')
    await page.evaluate(hearLiveRegions)
    return new Listener(page, cdp)
  }

  /** Presses a key and hears what it brings. */
  async press(key: string): Promise<Spoken> {
    await this.page.keyboard.press(key)
    return this.hear(key)
  }

  async type(words: string): Promise<Spoken> {
    await this.page.keyboard.type(words)
    return this.hear(`“${words}”`)
  }

  async hear(key: string): Promise<Spoken> {
    await sleep(quietMs)
    const { focused, within } = await this.#focus()
    const told = await this.page.evaluate(() => (window as unknown as { told: string[] }).told.splice(0))
    const entered = within.filter((part) => !this.#within.includes(part))
    this.#within = within
    const spoken = { key, entered, focused, told }
    this.heard.push(spoken)
    return spoken
  }

  async #focus(): Promise<{ focused: string; within: string[] }> {
    const { nodes } = (await this.cdp.send('Accessibility.getFullAXTree')) as unknown as { nodes: AxNode[] }
    const byId = new Map(nodes.map((node) => [node.nodeId, node]))
    const own = nodes.findLast((node) => propertyOf(node, 'focused') === true)
    if (!own) return { focused: 'nothing', within: [] }
    const active = own.properties?.find(({ name }) => name === 'activedescendant')?.value.relatedNodes?.[0]
    const option = active && nodes.find((node) => node.backendDOMNodeId === active.backendDOMNodeId)
    const within: string[] = []
    for (let at = byId.get(own.parentId ?? ''); at; at = byId.get(at.parentId ?? ''))
      if (!at.ignored && at.name?.value && parts.has(at.role!.value))
        within.unshift(`${at.role!.value} “${at.name.value}”`)
    const place = await this.page.evaluate(() => {
      const cell = document.activeElement
      const row = cell?.closest('[aria-rowindex]')
      const grid = cell?.closest('[aria-rowcount]')
      const valueText = cell?.getAttribute('aria-valuetext')
      if (valueText) return `said as “${valueText}”`
      return row && grid && cell !== grid
        ? `row ${row.getAttribute('aria-rowindex')} of ${grid.getAttribute('aria-rowcount')}, column ${cell!.getAttribute('aria-colindex')}`
        : ''
    })
    return { focused: [said(own), place, option && `→ ${said(option)}`].filter(Boolean).join(', '), within }
  }
}

const propertyOf = (node: AxNode, property: string) =>
  node.properties?.find(({ name }) => name === property)?.value.value

function said(node: AxNode): string {
  const told = states.flatMap((state) => {
    const value = propertyOf(node, state)
    if (value === undefined || value === false || value === 'false') return []
    return [value === true || value === 'true' ? state : `${state} ${value}`]
  })
  const value = node.value?.value
  return [
    `${node.role?.value} “${node.name?.value ?? ''}”`,
    value !== undefined && value !== '' && `value “${value}”`,
    ...told,
    node.description?.value && `(${node.description.value})`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** Runs in the page: notes what regions tell that are live, as a screen reader would be told. */
function hearLiveRegions(): void {
  const told: string[] = []
  Object.assign(window, { told })
  const live = '[role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])'
  new MutationObserver((changes) => {
    const regions = new Set<Element>()
    for (const { target, addedNodes } of changes) {
      const element = target instanceof Element ? target : target.parentElement
      const region = element?.closest(live)
      if (region) regions.add(region)
      for (const node of addedNodes)
        if (node instanceof Element && !region)
          for (const own of [node, ...node.querySelectorAll(live)]) if (own.matches(live)) regions.add(own)
    }
    for (const region of regions) {
      const words = (region.textContent ?? '').replace(/\s+/g, ' ').trim()
      if (words !== '' && told.at(-1) !== words) told.push(words)
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true })
}

/** A walk as a table of Markdown. */
export function tableOf(title: string, heard: readonly Spoken[]): string {
  const cell = (words: string) => words.replaceAll('|', '\\|').replaceAll(/\/\S*\/lenslore-\w+/g, '…')
  const rows = heard.map(({ key, entered, focused, told }) =>
    [key, [...entered, focused].join(' > '), told.join(' / ')].map(cell).join(' | '),
  )
  return [
    '',
    `## ${title}`,
    '',
    '| Key | Role, name, state | Told |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
  ].join('\n')
}
