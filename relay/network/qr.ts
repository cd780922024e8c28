/** A join link as a QR code: for a terminal, and for a page. */
import qrcode from 'qrcode-generator'

/** White around the code, in modules (ISO/IEC 18004, 5.3.8). */
const QUIET = 4

/** In capitals a link fits the alphanumeric mode, which needs a third less room; a join link reads the same in both. */
function modulesOf(link: string): { readonly size: number; readonly isDark: (row: number, column: number) => boolean } {
  const code = qrcode(0, 'L')
  code.addData(link.toUpperCase(), 'Alphanumeric')
  code.make()
  const count = code.getModuleCount()
  const isInside = (at: number): boolean => at >= QUIET && at < QUIET + count
  return {
    size: count + 2 * QUIET,
    isDark: (row, column) => isInside(row) && isInside(column) && code.isDark(row - QUIET, column - QUIET),
  }
}

/** Half blocks, two rows of modules a line; light modules are drawn, as terminals are dark. Ends in a line feed. */
export function qrText(link: string): string {
  const { size, isDark } = modulesOf(link)
  const lines: string[] = []
  for (let row = 0; row < size; row += 2) {
    let line = ''
    for (let column = 0; column < size; column += 1) {
      const upper = !isDark(row, column)
      const lower = row + 1 < size && !isDark(row + 1, column)
      line += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' '
    }
    lines.push(line)
  }
  return lines.join('\n') + '\n'
}

/** One path in a square of any size. */
export function qrSvg(link: string): string {
  const { size, isDark } = modulesOf(link)
  let path = ''
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) if (isDark(row, column)) path += `M${column} ${row}h1v1h-1z`
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`
  )
}
