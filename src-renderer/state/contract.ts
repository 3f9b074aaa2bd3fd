interface Line {
  api: { contract(params: Record<string, never>): Promise<{ hash: string }> }
  onLine(listener: (isUp: boolean) => void): void
}

/**
 * Loads the page anew where the line comes back to a library of another version than the one that drew it: after an update a
 * window that stood open would ask what nobody answers.
 */
export async function reloadForOtherContract({ api, onLine }: Line, reload: () => void): Promise<void> {
  const { hash } = await api.contract({})
  async function compare(): Promise<void> {
    try {
      if ((await api.contract({})).hash !== hash) reload()
    } catch {
      // The line is gone again: asked when it is back.
    }
  }
  onLine((isUp) => {
    if (isUp) void compare()
  })
}
