# Signs files with the certificate in $env:CERTIFICATE (a .pfx in base64) and its $env:PASSWORD.
param([Parameter(Mandatory)][string[]]$Files)
$ErrorActionPreference = 'Stop'

$pfx = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
[IO.File]::WriteAllBytes($pfx, [Convert]::FromBase64String($env:CERTIFICATE))
try {
    $kits = "${env:ProgramFiles(x86)}\Windows Kits\10\bin\*\x64\signtool.exe"
    $signtool = Get-Item $kits | Sort-Object FullName | Select-Object -Last 1
    # With a time stamp, so that the signature outlives the certificate.
    & $signtool sign /fd SHA256 /td SHA256 /tr http://timestamp.digicert.com /f $pfx /p $env:PASSWORD $Files
    if ($LASTEXITCODE) { throw "signtool ended with $LASTEXITCODE" }
}
finally {
    Remove-Item $pfx
}
