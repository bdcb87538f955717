<?php
// Answer, at once or after as many seconds as ?slow= says.
$slow = (int) ($_GET['slow'] ?? 0);
sleep($slow);
header('Content-Type: text/plain');
echo getenv('PROCESS_NAME') . " waited $slow s\n";
