// Exits with 0 when keymeter answers on this machine: for the health check of a container. A server with a
// token answers 401 to a question without one, which shows that it is there; so does a database without
// rows. KEYMETER_PORT names another port.
const port = Number(process.env['KEYMETER_PORT'] ?? 8321);
try {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/health`, {
    signal: AbortSignal.timeout(8_000),
  });
  process.exitCode = response.ok || response.status === 401 ? 0 : 1;
} catch {
  process.exitCode = 1;
}
