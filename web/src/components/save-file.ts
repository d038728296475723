/** Hands a file to the browser's downloads. */
export function saveFile(name: string, parts: readonly string[], type: string): void {
  const href = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  URL.revokeObjectURL(href);
}
