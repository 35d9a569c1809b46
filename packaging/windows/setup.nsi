; The installer for Windows. makensis /DVERSION=1.2.3 /DPROGRAM=folder /DOUT=setup.exe setup.nsi
; Silent: setup.exe /S, in another folder: /D=C:\Somewhere (last, without quotes). Uninstaller: uninstall.exe /S.

Unicode true
Target amd64-unicode
RequestExecutionLevel admin
SetCompressor /SOLID lzma
Name "Structura Local"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Structura Local"
ManifestSupportedOS Win10
BrandingText "Structura Local ${VERSION}"

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "Structura Local"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "Structura Local, the server for a plant"
VIAddVersionKey /LANG=0 "LegalCopyright" "Structura Local"

!include LogicLib.nsh
!include WinMessages.nsh
!include x64.nsh

LoadLanguageFile "${NSISDIR}\Contrib\Language files\English.nlf"
LoadLanguageFile "${NSISDIR}\Contrib\Language files\Spanish.nlf"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\StructuraLocal"
!define ENVIRONMENT "SYSTEM\CurrentControlSet\Control\Session Manager\Environment"

LangString NEXT ${LANG_ENGLISH} "Installed. Next, in a command prompt as administrator:$\r$\n$\r$\nstructura-local service start$\r$\n$\r$\nIt shows a link that leads through the rest in a browser."
LangString NEXT ${LANG_SPANISH} "Instalado. Ahora, en un símbolo del sistema como administrador:$\r$\n$\r$\nstructura-local service start$\r$\n$\r$\nMuestra un enlace que guía por lo demás en un navegador."
LangString FAILED ${LANG_ENGLISH} "The service could not be installed:$\r$\n"
LangString FAILED ${LANG_SPANISH} "No se pudo instalar el servicio:$\r$\n"
LangString NOT64 ${LANG_ENGLISH} "This program needs a 64-bit Windows."
LangString NOT64 ${LANG_SPANISH} "Este programa necesita un Windows de 64 bits."

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(NOT64)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  SetRegView 64
FunctionEnd

Function un.onInit
  SetRegView 64
FunctionEnd

Section
  SetShellVarContext all
  ; The service holds its files; a stop also folds the database into one file. Nothing is asked if there is none.
  nsExec::Exec '"$INSTDIR\structura-local.exe" service stop'
  Pop $0
  Call AwaitStop
  ; Files that this version no longer has must not be found by it.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${PROGRAM}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  WriteRegStr HKLM "${KEY}" "DisplayName" "Structura Local"
  WriteRegStr HKLM "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${KEY}" "Publisher" "Structura Local"
  WriteRegStr HKLM "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${KEY}" "NoRepair" 1
  ; By PowerShell: NSIS would cut a PATH that is longer than 1,024 characters, and lose the rest of it.
  nsExec::Exec "powershell -NoProfile -ExecutionPolicy Bypass -Command $\"$$k = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('${ENVIRONMENT}', $$true); $$p = $$k.GetValue('Path', '', 'DoNotExpandEnvironmentNames'); if (($$p -split ';') -notcontains '$INSTDIR') { $$k.SetValue('Path', $$p.TrimEnd(';') + ';$INSTDIR', 'ExpandString') }$\""
  Pop $0
  SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=5000

  ; Account, rights, failure actions, event log source and firewall rule: the program does that itself.
  nsExec::ExecToStack '"$INSTDIR\structura-local.exe" service install'
  Pop $0
  Pop $1
  ${If} $0 != 0
    MessageBox MB_OK|MB_ICONSTOP "$(FAILED)$1" /SD IDOK
    SetErrorLevel 3
    Abort
  ${EndIf}
  ${If} ${FileExists} "$APPDATA\structura-local\structura.db"
    nsExec::Exec '"$INSTDIR\structura-local.exe" service start'
    Pop $0
  ${Else}
    MessageBox MB_OK|MB_ICONINFORMATION "$(NEXT)" /SD IDOK
  ${EndIf}
SectionEnd

Section "Uninstall"
  nsExec::Exec '"$INSTDIR\structura-local.exe" service uninstall'
  Pop $0
  Call un.AwaitStop
  nsExec::Exec "powershell -NoProfile -ExecutionPolicy Bypass -Command $\"$$k = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('${ENVIRONMENT}', $$true); $$p = $$k.GetValue('Path', '', 'DoNotExpandEnvironmentNames'); $$k.SetValue('Path', (($$p -split ';' | Where-Object { $$_ -ne '$INSTDIR' }) -join ';'), 'ExpandString')$\""
  Pop $0
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\structura-local.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${KEY}"
  ; The data in %ProgramData%\structura-local stays: what has not reached head office is nowhere else.
SectionEnd

; The service manager answers a stop at once; the files are free when the process has ended.
!macro AWAIT_STOP un
Function ${un}AwaitStop
  ${For} $R0 1 60
    ${IfNot} ${FileExists} "$INSTDIR\structura-local.exe"
      Return
    ${EndIf}
    ClearErrors
    FileOpen $R1 "$INSTDIR\structura-local.exe" a
    ${IfNot} ${Errors}
      FileClose $R1
      Return
    ${EndIf}
    Sleep 1000
  ${Next}
FunctionEnd
!macroend
!insertmacro AWAIT_STOP ""
!insertmacro AWAIT_STOP "un."
