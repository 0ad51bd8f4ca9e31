/** Texts that attackers write into fields they control; each must come out as the same text. */
export const hostileTexts: readonly string[] = [
  `'; DROP TABLE events; --`,
  `$principal || "x" -- /* */`,
  `<script>alert(1)</script><img src=x onerror=alert(1)>`,
  `=HYPERLINK("http://evil.example","x")`,
  `+cmd|' /C calc'!A0`,
  `line one\nline two\r\n\tindented`,
  `\u0000nul \u001b[31mescape\u001b[0m`,
  `\u202eright to left\u202c \u200bzero width`,
  `%s %d {0} \${7*7} {{7*7}} \\u0041`,
  `🔑 密钥 ключ`,
  `"quoted", 'quoted', \`quoted\`, back\\slash`,
  'x'.repeat(1024),
];
