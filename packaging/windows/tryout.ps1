# Installs a setup silently on this Windows, uses the service, installs again over it, removes it: the part of
# docs/windows-checklist.md that needs no person. Ends with an error at the first thing that is not as it should be.
param([Parameter(Mandatory)][string]$Setup)
$ErrorActionPreference = 'Stop'

$program = "$env:ProgramFiles\Structura Local\structura-local.exe"
$data = "$env:ProgramData\structura-local"
$url = 'http://localhost:8000'

function Expect($Holds, $Otherwise) { if (-not $Holds) { throw $Otherwise } }

function Run($File, $Arguments) {
    $done = Start-Process $File -ArgumentList $Arguments -Wait -PassThru -NoNewWindow
    Expect ($done.ExitCode -eq 0) "'$File $Arguments' ended with $($done.ExitCode)"
}

function Await($Condition, $Otherwise) {
    foreach ($n in 1..60) {
        try { if (& $Condition) { return } } catch { Write-Verbose $_ }
        Start-Sleep 1
    }
    throw $Otherwise
}

function Login { (Invoke-RestMethod "$url/api/auth/login" -Method Post -ContentType application/json -Body '{"pin":"86420975"}').token }

function Names($Token) { (Invoke-RestMethod "$url/api/machines" -Headers @{ Authorization = "Bearer $Token" }).name }

Run $Setup '/S'
Expect (Test-Path $program) 'The program is not where it belongs.'
Expect ((Get-Service StructuraLocal).Status -eq 'Stopped') 'The service runs before there is a plant.'
$service = Get-CimInstance Win32_Service -Filter "Name='StructuraLocal'"
Expect ($service.StartName -eq 'NT SERVICE\StructuraLocal') "The service's account is $($service.StartName)."
Expect ($service.StartMode -eq 'Auto') "The service starts $($service.StartMode)."
Run $program 'init --plant Norte --admin-name Ana --admin-pin 86420975'
$open = (Get-Acl $data).Sddl | Select-String '\(A;[^)]*;(WD|BU|AU)\)'
Expect (-not $open) "Others can read the data: $((Get-Acl $data).Sddl)"

$began = Get-Date
Start-Service StructuraLocal
Expect (((Get-Date) - $began).TotalSeconds -lt 10) 'The service manager waited for the service.'
Await { (Invoke-RestMethod "$url/readyz").ok } 'The service does not answer.'
$names = Names (Login)
Expect $names 'The first start made no machine.'
Run $program 'doctor'

$before = (Get-CimInstance Win32_Service -Filter "Name='StructuraLocal'").ProcessId
Stop-Process -Id $before -Force
Await { (Get-CimInstance Win32_Service -Filter "Name='StructuraLocal'").ProcessId -notin 0, $before } 'It was not started again.'
Await { (Names (Login)) -eq $names } 'After a failure the data is not there.'

Stop-Service StructuraLocal
Expect (-not (Test-Path "$data\structura.db-wal")) 'A clean stop leaves a write-ahead log.'
Start-Service StructuraLocal
Run $Setup '/S'
Await { (Names (Login)) -eq $names } 'After an upgrade the data is not there.'

Run "$env:ProgramFiles\Structura Local\uninstall.exe" '/S'
Await { -not (Test-Path $program) } 'The program is still there.'
Expect (-not (Get-Service StructuraLocal -ErrorAction SilentlyContinue)) 'The service is still there.'
Expect (Test-Path "$data\structura.db") 'The data is gone.'
Write-Output 'Installed, used, killed, upgraded, removed: all is well.'
