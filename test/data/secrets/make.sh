#!/bin/sh
# Makes the files of this folder with the real programs: age 1.1.1, and ansible-vault of ansible-core 2.14.18.
set -eu
cd "$(dirname "$0")"

age-keygen -o age.key
age-keygen -o other.key
recipient=$(age-keygen -y age.key)

age --armor --recipient "$recipient" --output text.age plain.yml
age --recipient "$recipient" --output binary.age plain.yml
printf 'sesame-9: "quoted" {{ x }}' | age --armor --recipient "$recipient" --output value.age

printf 'vault-pass-1\n' > vault-password
ansible-vault encrypt --vault-password-file vault-password --output vault-1.1.yml plain.yml
ansible-vault encrypt --vault-id dev@vault-password --encrypt-vault-id dev --output vault-1.2.yml plain.yml
ansible-vault encrypt_string --vault-password-file vault-password --name api_token 'tok & "en"' > vault-value.yml
